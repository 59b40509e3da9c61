{{/* What the aggregator's endpoints show: variables, and the file of endpoints where there is one. */}}

{{- define "outrigger.endpointFile" -}}
{{- $file := dict -}}
{{- with .Values.aggregator.endpoints }}{{ $_ := set $file "endpoints" . }}{{ end -}}
{{- with .Values.aggregator.groupEndpoints }}{{ $_ := set $file "groups" . }}{{ end -}}
{{- if $file }}{{ toPrettyJson $file }}{{ end -}}
{{- end }}

{{- define "outrigger.endpointsName" -}}
{{ include "outrigger.fullname" . }}-endpoints
{{- end }}

{{- define "outrigger.endpointEnv" -}}
- name: OUTRIGGER_MODE
  value: {{ .Values.aggregator.mode }}
- name: OUTRIGGER_DIRECT_BELOW
  value: {{ .Values.aggregator.directBelow | quote }}
{{- with .Values.aggregator.pinned }}
- name: OUTRIGGER_PINNED
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.aggregator.groups }}
- name: OUTRIGGER_GROUPS
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.aggregator.excludeServers }}
- name: OUTRIGGER_EXCLUDE_SERVERS
  value: {{ join "," . | quote }}
{{- end }}
{{- with .Values.aggregator.excludeLabels }}
- name: OUTRIGGER_EXCLUDE_LABELS
  value: {{ join "," . | quote }}
{{- end }}
{{- if include "outrigger.endpointFile" . }}
- name: OUTRIGGER_ENDPOINTS
  value: /etc/outrigger/endpoints/endpoints.json
{{- end }}
{{- end }}

{{- define "outrigger.endpointMount" -}}
{{- if include "outrigger.endpointFile" . }}
- name: endpoints
  mountPath: /etc/outrigger/endpoints
  readOnly: true
{{- end }}
{{- end }}

{{- define "outrigger.endpointVolume" -}}
{{- if include "outrigger.endpointFile" . }}
- name: endpoints
  configMap:
    name: {{ include "outrigger.endpointsName" . }}
{{- end }}
{{- end }}
