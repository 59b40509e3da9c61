{{/* Who calls, told to sidecars: the Secret with the keys that vouch for callers. The operator makes it, the aggregator alone mounts it. */}}

{{/* Name of the Secret; empty where nobody vouches. */}}
{{- define "outrigger.assertionSecret" -}}
{{- if and .Values.aggregator.assertions .Values.operator.enabled -}}
{{ include "outrigger.fullname" . }}-assertions
{{- end -}}
{{- end }}

{{- define "outrigger.assertionVolume" -}}
{{- with include "outrigger.assertionSecret" . -}}
- name: assertions
  secret:
    secretName: {{ . }}
    # 0444
    defaultMode: 292
    items:
      - key: keys.json
        path: keys.json
{{- end }}
{{- end }}

{{- define "outrigger.assertionMount" -}}
{{- if include "outrigger.assertionSecret" . -}}
- name: assertions
  mountPath: /var/run/secrets/outrigger.dev/assertions
  readOnly: true
{{- end }}
{{- end }}
