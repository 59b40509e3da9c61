{{/* Parts of the webhook's objects: its configuration file, its certificate's Secret, its selectors. */}}

{{- define "outrigger.tlsSecretName" -}}
{{ ternary .Values.certificates.files.secretName (printf "%s-webhook-tls" (include "outrigger.fullname" .)) (eq .Values.certificates.mode "files") }}
{{- end }}

{{/* What webhook/src/inject/read/config.ts reads. */}}
{{- define "outrigger.injectionConfig" -}}
{{- $given := .Values.injection -}}
{{- $names := list -}}
{{- range .Values.sidecar.imagePullSecrets }}{{ $names = append $names .name }}{{ end -}}
{{- $found := printf "1.%s" (regexFind "^[0-9]+" .Capabilities.KubeVersion.Minor) -}}
{{- dict
  "version" .Chart.AppVersion
  "image" (include "outrigger.image" (dict "root" . "image" .Values.sidecar.image))
  "shimImage" (include "outrigger.image" (dict "root" . "image" .Values.shim.image))
  "imagePullPolicy" (default .Values.images.pullPolicy .Values.sidecar.image.pullPolicy)
  "imagePullSecrets" $names
  "ownNamespace" .Release.Namespace
  "systemNamespaces" $given.systemNamespaces
  "clusterDomain" .Values.clusterDomain
  "kubernetesVersion" (default $found $given.kubernetesVersion)
  "platform" .Values.platform
  "defaults" $given.defaults
  "foreign" $given.foreign | toPrettyJson }}
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

{{/* One entry of the webhook configuration, but for its selectors. */}}
{{- define "outrigger.webhookEntry" -}}
name: {{ .scope }}.inject.outrigger.dev
clientConfig:
  service:
    name: {{ include "outrigger.componentName" . }}
    namespace: {{ .root.Release.Namespace }}
    path: /mutate/{{ .scope }}
    port: 443
  {{- with .root.Values.certificates.files.caBundle }}
  caBundle: {{ b64enc . }}
  {{- end }}
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
