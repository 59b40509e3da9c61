{{/* Parts of the objects of `helm test`: hooks, so that none of them is there but while the test runs. */}}

{{- define "outrigger.testMetadata" -}}
{{- /* One name for all: `helm test --logs` takes the name of each hook for a pod's, and fails where there is none. */ -}}
name: {{ include "outrigger.componentName" . }}
{{- if not .cluster }}
namespace: {{ default .root.Release.Namespace .namespace }}
{{- end }}
labels:
  {{- include "outrigger.labels" . | nindent 2 }}
annotations:
  helm.sh/hook: test
  # Rights first, the pod last.
  helm.sh/hook-weight: {{ .weight | quote }}
  # A test that fails leaves its pod, for its log.
  helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded
{{- end }}

{{- define "outrigger.testSubjects" -}}
- kind: ServiceAccount
  name: {{ include "outrigger.componentName" (dict "root" . "component" "check") }}
  namespace: {{ .Release.Namespace }}
{{- end }}

{{/* What is looked at of servers, in the whole cluster or in some namespaces. */}}
{{- define "outrigger.testServerRules" -}}
# list: pods with the sidecar, and pods that should have it.
- apiGroups: [""]
  resources: [pods]
  verbs: [list]
# list: Services that lead past a sidecar; what a namespace allows its containers.
- apiGroups: [""]
  resources: [services, limitranges, resourcequotas]
  verbs: [list]
# list: what would become of their next pods.
- apiGroups: [apps]
  resources: [deployments, statefulsets, daemonsets]
  verbs: [list]
# list: as above.
- apiGroups: [batch]
  resources: [cronjobs]
  verbs: [list]
# create: asks whether the programs may do what they need to; nothing is kept of it.
- apiGroups: [authorization.k8s.io]
  resources: [localsubjectaccessreviews]
  verbs: [create]
# list: pods that were refused are known by their controllers' events alone.
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [list]
{{- end }}
