{{/* Rights of the operator that it has in the whole cluster or in some namespaces. */}}
{{- define "outrigger.operatorRules" -}}
# list, watch: which pods have the sidecar, which lack it, where to probe.
# patch: policies and results of probes are annotations of pods; an admission policy admits nothing else.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch, patch]
# get: an Event about a pod goes to the Deployment or CronJob behind its owner.
- apiGroups: [apps]
  resources: [replicasets]
  verbs: [get]
# get: as above, for Jobs.
- apiGroups: [batch]
  resources: [jobs]
  verbs: [get]
# list, watch: policies of others that open what ours close are found and reported.
# create, patch: ours are there before the pods that they shut.
# delete: a namespace that is opted in no longer loses them.
- apiGroups: [networking.k8s.io]
  resources: [networkpolicies]
  verbs: [list, watch, create, patch, delete]
# list, watch: pods that the webhook refused show only in the events of their controllers.
# create, patch: what happened to a pod is told to its owner; a repeated event is counted, not written again.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [list, watch, create, patch]
{{- with include "outrigger.operatorSleepRules" . }}
{{ . }}
{{- end }}
{{- end }}
