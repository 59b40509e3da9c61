{{/* Servers that sleep until they are called: what it takes of the two programs. */}}

{{/* Not empty where there may be some. */}}
{{- define "outrigger.sleeps" -}}
{{- if and .Values.operator.enabled .Values.sleep.enabled -}}yes{{- end -}}
{{- end }}

{{/* packages/api/src/ports.ts has the same, a test holds them together. */}}
{{- define "outrigger.operatorWakePort" -}}8082{{- end }}

{{- define "outrigger.operatorSleepEnv" -}}
{{- if include "outrigger.sleeps" . -}}
{{- $aggregator := dict "root" . "component" "aggregator" "values" .Values.aggregator -}}
- name: OUTRIGGER_WAKE
  value: {{ printf "%s:%s" .Values.listenAddress (include "outrigger.operatorWakePort" .) | quote }}
- name: OUTRIGGER_WAKERS
  value: {{ .Release.Namespace }}/{{ include "outrigger.serviceAccountName" $aggregator }}
{{- end }}
{{- end }}

{{- define "outrigger.aggregatorSleepEnv" -}}
{{- if include "outrigger.sleeps" . -}}
{{- $wake := printf "%s-operator-wake" (include "outrigger.fullname" .) -}}
- name: OUTRIGGER_ASLEEP
  value: {{ .Release.Namespace }}
- name: OUTRIGGER_WAKE_URL
  value: http://{{ $wake }}.{{ .Release.Namespace }}.svc:{{ include "outrigger.operatorWakePort" . }}
- name: OUTRIGGER_WAKE_TOKEN
  value: /var/run/secrets/outrigger.dev/wake/token
- name: OUTRIGGER_WAKE_QUEUE
  value: {{ .Values.sleep.queue | quote }}
- name: OUTRIGGER_WAKE_TIMEOUT
  value: {{ .Values.sleep.timeout }}
{{- end }}
{{- end }}

{{/* A token that the operator alone takes: to the API server it is worth nothing. */}}
{{- define "outrigger.wakeTokenVolume" -}}
{{- if include "outrigger.sleeps" . -}}
- name: wake-token
  projected:
    # 0444
    defaultMode: 292
    sources:
      - serviceAccountToken:
          path: token
          audience: outrigger-operator
          expirationSeconds: 600
{{- end }}
{{- end }}

{{- define "outrigger.wakeTokenMount" -}}
{{- if include "outrigger.sleeps" . -}}
- name: wake-token
  mountPath: /var/run/secrets/outrigger.dev/wake
  readOnly: true
{{- end }}
{{- end }}

{{/* Rights of the operator over workloads that may sleep, in the whole cluster or in some namespaces. */}}
{{- define "outrigger.operatorSleepRules" -}}
{{- if include "outrigger.sleeps" . -}}
# list, watch: an annotation of a workload says that it may sleep, its status when.
# get: whether it runs is asked once more before it is forgotten that it slept.
- apiGroups: [apps]
  resources: [deployments, statefulsets]
  verbs: [get, list, watch]
# get: how many pods it wants is seen before that is changed.
# patch: to none and back; an admission policy admits nothing else.
- apiGroups: [apps]
  resources: [deployments/scale, statefulsets/scale]
  verbs: [get, patch]
{{- end }}
{{- end }}

{{/* Ingress rule of the wake port: the aggregator's pods, and nobody else. */}}
{{- define "outrigger.wakeIngress" -}}
{{- if include "outrigger.sleeps" . -}}
{{- $aggregator := dict "root" . "component" "aggregator" "values" .Values.aggregator -}}
- from:
    - podSelector:
        matchLabels:
          {{- include "outrigger.selectorLabels" $aggregator | nindent 10 }}
  ports:
    - port: {{ include "outrigger.operatorWakePort" . }}
      protocol: TCP
{{- end }}
{{- end }}
