{{/* Sessions at several replicas of the aggregator: the Secret with the keys that seal them, and how replicas know each other. */}}

{{- define "outrigger.peerPort" -}}7779{{- end }}

{{/* Name of the Secret; empty where nobody makes one, so that replicas do not share sessions. */}}
{{- define "outrigger.sessionKeysSecret" -}}
{{- if .Values.aggregator.sessionKeysSecret -}}
{{ .Values.aggregator.sessionKeysSecret }}
{{- else if .Values.operator.enabled -}}
{{ include "outrigger.fullname" . }}-session-keys
{{- end -}}
{{- end }}

{{/* The Secret that the operator makes; empty where it is given. */}}
{{- define "outrigger.madeSessionKeysSecret" -}}
{{- if and .Values.operator.enabled (not .Values.aggregator.sessionKeysSecret) -}}
{{ include "outrigger.sessionKeysSecret" . }}
{{- end -}}
{{- end }}

{{- define "outrigger.sessionEnv" -}}
{{- if include "outrigger.sessionKeysSecret" . -}}
{{- $at := dict "root" . "component" "aggregator" "values" .Values.aggregator -}}
- name: OUTRIGGER_SESSION_KEYS
  value: /var/run/secrets/outrigger.dev/sessions/keys
- name: OUTRIGGER_PEER_LISTEN
  value: {{ printf "%s:%s" .Values.listenAddress (include "outrigger.peerPort" .) | quote }}
- name: OUTRIGGER_SELF
  valueFrom:
    fieldRef:
      fieldPath: status.podIP
- name: OUTRIGGER_PEER_SERVICE
  value: {{ .Release.Namespace }}/{{ include "outrigger.componentName" $at }}-peers
{{- end }}
{{- end }}

{{- define "outrigger.sessionKeysVolume" -}}
{{- with include "outrigger.sessionKeysSecret" . -}}
- name: session-keys
  secret:
    secretName: {{ . }}
    # 0444
    defaultMode: 292
    items:
      - key: keys
        path: keys
{{- end }}
{{- end }}

{{- define "outrigger.sessionKeysMount" -}}
{{- if include "outrigger.sessionKeysSecret" . -}}
- name: session-keys
  mountPath: /var/run/secrets/outrigger.dev/sessions
  readOnly: true
{{- end }}
{{- end }}
