{{/*
Parts of the admission policies. They are evaluated by the API server itself, so they hold while no webhook answers.
To switch them off in an emergency, delete the bindings.
*/}}

{{- define "outrigger.admissionBinding" -}}
{{- $at := dict "root" .root "component" "admission" "cluster" true "suffix" .policy -}}
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  {{- include "outrigger.metadata" $at | nindent 2 }}
spec:
  policyName: {{ include "outrigger.componentName" $at }}-{{ .policy }}
  validationActions: [Deny]
  {{- with .terms }}
  matchResources:
    namespaceSelector:
      matchExpressions:
        {{- . | nindent 8 }}
  {{- end }}
{{- end }}

{{- define "outrigger.admissionMetadata" -}}
{{ include "outrigger.metadata" (dict "root" .root "component" "admission" "cluster" true "suffix" .policy) }}
{{- end }}

{{/* A rule for one resource. */}}
{{- define "outrigger.admissionRule" -}}
- apiGroups: [""]
  apiVersions: [v1]
  operations: {{ toJson .operations }}
  resources: {{ toJson .resources }}
{{- end }}

{{/* Images, without tag and digest, that a sidecar may have. During an upgrade tags of two versions meet, so none is asked for. */}}
{{- define "outrigger.sidecarImages" -}}
{{- $own := include "outrigger.imageName" (dict "root" . "image" .Values.sidecar.image) -}}
{{ concat (list $own) .Values.admissionPolicies.furtherSidecarImages | toJson }}
{{- end }}

{{/* Where a pod has its sidecar, as CEL. Pods of a time in which sidecars were of the other kind are not judged again. */}}
{{- define "outrigger.sidecarList" -}}
{{ ternary "object.spec.?initContainers.orValue([])" "object.spec.containers" (eq .Values.injection.sidecarKind "native") }}
{{- end }}

{{- define "outrigger.operatorUser" -}}
{{- $at := dict "root" . "component" "operator" "values" .Values.operator -}}
system:serviceaccount:{{ .Release.Namespace }}:{{ include "outrigger.serviceAccountName" $at }}
{{- end }}
