{{/* Names, labels and images. `at` is a dict of root, component and the component's values. */}}

{{- define "outrigger.name" -}}
{{ default .Chart.Name .Values.nameOverride }}
{{- end }}

{{/* At most 40 characters, so that every name made from it fits into a label. */}}
{{- define "outrigger.fullname" -}}
{{- $name := include "outrigger.name" . -}}
{{- $joined := ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{ default $joined .Values.fullnameOverride | trunc 40 | trimSuffix "-" }}
{{- end }}

{{- define "outrigger.componentName" -}}
{{ include "outrigger.fullname" .root }}-{{ .component }}
{{- end }}

{{- define "outrigger.selectorLabels" -}}
app.kubernetes.io/name: {{ include "outrigger.name" .root }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "outrigger.labels" -}}
{{ include "outrigger.selectorLabels" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: outrigger
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* Name, namespace and labels of an object; `suffix` and `cluster` are optional. */}}
{{- define "outrigger.metadata" -}}
name: {{ include "outrigger.componentName" . }}{{ with .suffix }}-{{ . }}{{ end }}
{{- if not .cluster }}
namespace: {{ .root.Release.Namespace }}
{{- end }}
labels:
  {{- include "outrigger.labels" . | nindent 2 }}
{{- end }}

{{- define "outrigger.serviceAccountName" -}}
{{- $account := .values.serviceAccount -}}
{{ default (ternary (include "outrigger.componentName" .) "default" $account.create) $account.name }}
{{- end }}

{{/* Image without tag and digest. */}}
{{- define "outrigger.imageName" -}}
{{- $registry := default .root.Values.images.registry .image.registry -}}
{{ with $registry }}{{ . }}/{{ end }}{{ .image.repository }}
{{- end }}

{{- define "outrigger.image" -}}
{{ include "outrigger.imageName" . }}
{{- if .image.digest }}@{{ .image.digest }}{{ else }}:{{ default .root.Chart.AppVersion .image.tag }}{{ end }}
{{- end }}


{{- define "outrigger.systemNamespaces" -}}
{{ toJson (concat (list "kube-system" "kube-public" "kube-node-lease" .Release.Namespace) .Values.injection.systemNamespaces | uniq) }}
{{- end }}
