{{/* Parts of the webhook's objects: its configuration file, its certificate's Secret, its selectors. */}}

{{- define "outrigger.tlsSecretName" -}}
{{ ternary .Values.certificates.files.secretName (printf "%s-webhook-tls" (include "outrigger.fullname" .)) (eq .Values.certificates.mode "files") }}
{{- end }}

{{/*
Who says in the webhook configuration whom API servers trust; operator/src/certificates reads the words self and files. An operator
that is limited to namespaces can't: the configuration belongs to none.
*/}}
{{- define "outrigger.trustFrom" -}}
{{- $mode := .Values.certificates.mode -}}
{{- if ne $mode "files" }}{{ $mode }}
{{- else if not .Values.certificates.files.caBundle }}others
{{- else if or .Values.rbac.namespaces (not .Values.operator.enabled) }}chart
{{- else }}files{{ end }}
{{- end }}

{{/* Not empty where the webhook may see whom API servers trust, and somebody is known who says it: then it waits for that. */}}
{{- define "outrigger.webhookSeesTrust" -}}
{{- if and .Values.operator.enabled (not .Values.rbac.namespaces) (ne (include "outrigger.trustFrom" .) "others") }}true{{ end }}
{{- end }}

{{/* Version of the API server, such as 1.33. */}}
{{- define "outrigger.kubernetesVersion" -}}
{{ default (printf "1.%s" (regexFind "^[0-9]+" .Capabilities.KubeVersion.Minor)) .Values.injection.kubernetesVersion }}
{{- end }}

{{/* What webhook/src/inject/read/config.ts reads. */}}
{{- define "outrigger.injectionConfig" -}}
{{- $given := .Values.injection -}}
{{- $names := list -}}
{{- range .Values.sidecar.imagePullSecrets }}{{ $names = append $names .name }}{{ end -}}
{{- $config := dict
  "version" .Chart.AppVersion
  "image" (include "outrigger.image" (dict "root" . "image" .Values.sidecar.image))
  "shimImage" (include "outrigger.image" (dict "root" . "image" .Values.shim.image))
  "imagePullPolicy" (default .Values.images.pullPolicy .Values.sidecar.image.pullPolicy)
  "imagePullSecrets" $names
  "ownNamespace" .Release.Namespace
  "systemNamespaces" $given.systemNamespaces
  "clusterDomain" .Values.clusterDomain
  "kubernetesVersion" (include "outrigger.kubernetesVersion" .)
  "sidecarKind" $given.sidecarKind
  "platform" .Values.platform
  "defaults" $given.defaults
  "foreign" $given.foreign -}}
{{- if ne .Values.sidecar.audit "all" }}{{ $_ := set $config "audit" .Values.sidecar.audit }}{{ end -}}
{{- with .Values.sidecar.otlpEndpoint }}{{ $_ := set $config "otlpEndpoint" . }}{{ end -}}
{{- with $given.sidecarTemplate }}{{ $_ := set $config "sidecarTemplate" . }}{{ end -}}
{{ toPrettyJson $config }}
{{- end }}

{{/* Terms that the namespaceSelector of every entry has behind its own. */}}
{{- define "outrigger.namespaceTerms" -}}
- key: kubernetes.io/metadata.name
  operator: NotIn
  values: {{ include "outrigger.systemNamespaces" . }}
{{- with include "outrigger.limitTerms" . }}
{{ . }}
{{- end }}
{{- end }}

{{/* Terms of a namespaceSelector for the namespaces that the installation is limited to; none where it is not. */}}
{{- define "outrigger.limitTerms" -}}
{{- with .Values.rbac.namespaces -}}
- key: kubernetes.io/metadata.name
  operator: In
  values: {{ toJson . }}
{{- end }}
{{- end }}

{{/* Where an entry of a webhook configuration calls; `path` says what about. */}}
{{- define "outrigger.webhookClient" -}}
clientConfig:
  service:
    name: {{ include "outrigger.componentName" . }}
    namespace: {{ .root.Release.Namespace }}
    path: {{ .path }}
    port: 443
  {{- if eq (include "outrigger.trustFrom" .root) "chart" }}
  caBundle: {{ b64enc .root.Values.certificates.files.caBundle }}
  {{- end }}
{{- end }}

{{/* Metadata of a webhook configuration. */}}
{{- define "outrigger.webhookMetadata" -}}
name: {{ include "outrigger.fullname" .root }}
labels:
  {{- include "outrigger.labels" . | nindent 2 }}
annotations:
  # Whose word the caBundle of each entry is; whoever is not named leaves it alone.
  outrigger.dev/trust-from: {{ include "outrigger.trustFrom" .root }}
  {{- if eq .root.Values.certificates.mode "cert-manager" }}
  cert-manager.io/inject-ca-from: {{ .root.Release.Namespace }}/{{ include "outrigger.componentName" . }}
  {{- end }}
{{- end }}

{{/* One entry of the mutating configuration, but for its selectors. */}}
{{- define "outrigger.webhookEntry" -}}
name: {{ .scope }}.inject.outrigger.dev
{{ include "outrigger.webhookClient" (merge (dict "path" (printf "/mutate/%s" .scope)) .) }}
rules:
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE]
    resources: [pods]
    scope: Namespaced
matchPolicy: Equivalent
matchConditions:
  # The annotation alone can be set by anybody; only a node makes a mirror pod.
  - name: not-a-mirror-pod
    expression: >-
      !(has(object.metadata.annotations) && 'kubernetes.io/config.mirror' in object.metadata.annotations
      && has(request.userInfo.groups) && 'system:nodes' in request.userInfo.groups)
failurePolicy: {{ .root.Values.webhook.failurePolicy }}
timeoutSeconds: {{ .root.Values.webhook.timeoutSeconds }}
reinvocationPolicy: IfNeeded
sideEffects: None
admissionReviewVersions: [v1]
{{- end }}

{{/* What all entries of the validating configuration have: they tell, and refuse nothing, whatever becomes of the call. */}}
{{- define "outrigger.validatingEntry" -}}
name: {{ .scope }}.validate.outrigger.dev
{{ include "outrigger.webhookClient" (merge (dict "path" (printf "/validate/%s" .scope)) .) }}
matchPolicy: Equivalent
failurePolicy: Ignore
timeoutSeconds: 2
sideEffects: None
admissionReviewVersions: [v1]
{{- end }}

{{/* The kinds whose pods are made from a template, and which of their changes are told about. */}}
{{- define "outrigger.workloadRules" -}}
rules:
  - apiGroups: [apps]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [deployments, statefulsets, daemonsets, replicasets]
    scope: Namespaced
  - apiGroups: [batch]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [jobs, cronjobs]
    scope: Namespaced
  - apiGroups: [""]
    apiVersions: [v1]
    operations: [CREATE, UPDATE]
    resources: [replicationcontrollers]
    scope: Namespaced
matchConditions:
  # Whoever owns it was told already.
  - name: without-owner
    expression: >-
      !object.metadata.?ownerReferences.orValue([]).exists(o, o.?controller.orValue(false))
  - name: new-or-changed
    expression: >-
      oldObject == null
      || {{ include "outrigger.templateOf" "object" }}
      != {{ include "outrigger.templateOf" "oldObject" }}
      || ({{ include "outrigger.hasOwnKeys" (list "object") }}
      && ({{ include "outrigger.keysChanged" . | nindent 6 | trim }}))
{{- end }}

{{/* The pod template of a workload, CEL. */}}
{{- define "outrigger.templateOf" -}}
(has({{ . }}.spec.jobTemplate) ? {{ . }}.spec.jobTemplate.spec.template : {{ . }}.spec.template)
{{- end }}

{{/* True where labels or annotations of the object changed, CEL. */}}
{{- define "outrigger.keysChanged" -}}
object.metadata.?labels.orValue({}) != oldObject.metadata.?labels.orValue({})
|| object.metadata.?annotations.orValue({}) != oldObject.metadata.?annotations.orValue({})
{{- end }}

{{/* True where one of these objects has a label or annotation of ours, CEL. */}}
{{- define "outrigger.hasOwnKeys" -}}
[{{ range $index, $each := . }}{{ if $index }}, {{ end }}{{ $each }}.?metadata.?labels.orValue({}), {{ $each }}.?metadata.?annotations.orValue({}){{ end }}].exists(m, m.exists(k, k.startsWith('outrigger.dev/')))
{{- end }}
