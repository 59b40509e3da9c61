{{/* The aggregator's only right, in the whole cluster or in some namespaces. */}}
{{- define "outrigger.aggregatorRules" -}}
# list, watch: sidecars are found through the labels and annotations of their pods.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- end }}
