{{/* The aggregator's only right on pods, in the whole cluster or in some namespaces. */}}
{{- define "outrigger.aggregatorRules" -}}
# list, watch: sidecars are found through the labels and annotations of their pods.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- end }}

{{/* Names of the ConfigMaps that list servers, by namespace, JSON. */}}
{{- define "outrigger.listsByNamespace" -}}
{{- $names := dict -}}
{{- range .Values.aggregator.serverLists -}}
{{- $_ := set $names .namespace (append (default list (get $names .namespace)) .name) -}}
{{- end -}}
{{ toJson $names }}
{{- end }}
