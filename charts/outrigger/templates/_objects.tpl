{{/* Small objects that every program has. */}}

{{- define "outrigger.serviceAccount" -}}
{{- if .values.serviceAccount.create -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ include "outrigger.serviceAccountName" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "outrigger.labels" . | nindent 4 }}
  {{- with .values.serviceAccount.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
automountServiceAccountToken: false
{{- end }}
{{- end }}

{{- define "outrigger.podDisruptionBudget" -}}
{{- if .values.podDisruptionBudget.enabled -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  {{- include "outrigger.metadata" . | nindent 2 }}
spec:
  maxUnavailable: {{ .values.podDisruptionBudget.maxUnavailable }}
  # A pod that does not work must not keep a node from being drained.
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "outrigger.selectorLabels" . | nindent 6 }}
{{- end }}
{{- end }}

{{/* A binding for a role of the same name; `cluster` and `namespace` say where, `suffix` ends the name. */}}
{{- define "outrigger.roleBinding" -}}
{{- $kind := ternary "ClusterRole" "Role" (default false .cluster) -}}
{{- $name := include "outrigger.componentName" . -}}
{{- with .suffix }}{{ $name = printf "%s-%s" $name . }}{{ end -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $kind }}Binding
metadata:
  name: {{ $name }}
  {{- if not .cluster }}
  namespace: {{ default .root.Release.Namespace .namespace }}
  {{- end }}
  labels:
    {{- include "outrigger.labels" . | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $kind }}
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ include "outrigger.serviceAccountName" . }}
    namespace: {{ .root.Release.Namespace }}
{{- end }}

{{/* Ingress rule of the port of metrics. The node, and with it the kubelet, is admitted without a rule. */}}
{{- define "outrigger.metricsIngress" -}}
{{- with .root.Values.networkPolicies.monitoring -}}
- from:
    {{- toYaml . | nindent 4 }}
  ports:
    - port: {{ $.admin }}
      protocol: TCP
{{- end }}
{{- end }}

{{/* A Service for the port of metrics alone, so that no Service for clients leads there. */}}
{{- define "outrigger.metricsService" -}}
apiVersion: v1
kind: Service
metadata:
  {{- include "outrigger.metadata" (merge (dict "suffix" "metrics") .) | nindent 2 }}
spec:
  clusterIP: None
  selector:
    {{- include "outrigger.selectorLabels" . | nindent 4 }}
  ports:
    - name: metrics
      port: {{ .admin }}
      targetPort: {{ .admin }}
      protocol: TCP
{{- end }}

{{/* The pods of a program as peers of a network policy, JSON. */}}
{{- define "outrigger.peers" -}}
{{- $here := dict "matchLabels" (dict "kubernetes.io/metadata.name" .root.Release.Namespace) -}}
{{- $pods := dict "matchLabels" (include "outrigger.selectorLabels" . | fromYaml) -}}
{{ list (dict "namespaceSelector" $here "podSelector" $pods) | toJson }}
{{- end }}
