{{/* What the pods of all programs have alike: restricted, spread, probed, with a token only where the API is needed. */}}

{{- define "outrigger.podMetadata" -}}
labels:
  {{- include "outrigger.labels" . | nindent 2 }}
  {{- with .values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  kubectl.kubernetes.io/default-container: {{ .component }}
  {{- range $name, $sum := .checksums }}
  checksum/{{ $name }}: {{ $sum }}
  {{- end }}
  {{- with .values.podAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end }}

{{- define "outrigger.podSpec" -}}
serviceAccountName: {{ include "outrigger.serviceAccountName" . }}
automountServiceAccountToken: false
enableServiceLinks: false
terminationGracePeriodSeconds: 30
{{- with concat .root.Values.imagePullSecrets .values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
topologySpreadConstraints:
  {{- $soft := list
    (dict "maxSkew" 1 "topologyKey" "topology.kubernetes.io/zone" "whenUnsatisfiable" "ScheduleAnyway")
    (dict "maxSkew" 1 "topologyKey" "kubernetes.io/hostname" "whenUnsatisfiable" "ScheduleAnyway") }}
  {{- $selector := include "outrigger.selectorLabels" . }}
  {{- range default $soft .values.topologySpreadConstraints }}
  - {{ toYaml . | indent 4 | trim }}
    labelSelector:
      matchLabels:
        {{- $selector | nindent 8 }}
    # Else pods of the version before would be counted during an upgrade.
    matchLabelKeys: [pod-template-hash]
  {{- end }}
securityContext:
  runAsNonRoot: true
  {{- if ne .root.Values.platform "openshift" }}
  runAsUser: 65532
  runAsGroup: 65532
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end }}

{{/* Everything of a container but its variables and mounts. `admin` is the port of its health and metrics. */}}
{{- define "outrigger.container" -}}
name: {{ .component }}
image: {{ include "outrigger.image" (dict "root" .root "image" .values.image) }}
imagePullPolicy: {{ default .root.Values.images.pullPolicy .values.image.pullPolicy }}
ports:
  {{- with .ports }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  - name: metrics
    containerPort: {{ .admin }}
    protocol: TCP
startupProbe:
  {{- include "outrigger.probe" (dict "path" "/livez" "port" .admin "failures" 60 "period" 1) | nindent 2 }}
livenessProbe:
  {{- include "outrigger.probe" (dict "path" "/livez" "port" .admin "failures" 3 "period" 10) | nindent 2 }}
readinessProbe:
  {{- include "outrigger.probe" (dict "path" "/readyz" "port" .admin "failures" 2 "period" 2) | nindent 2 }}
resources:
  {{- toYaml .values.resources | nindent 2 }}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop: [ALL]
  privileged: false
  readOnlyRootFilesystem: true
terminationMessagePolicy: FallbackToLogsOnError
{{- end }}

{{- define "outrigger.probe" -}}
httpGet:
  path: {{ .path }}
  port: {{ .port }}
periodSeconds: {{ .period }}
timeoutSeconds: 2
failureThreshold: {{ .failures }}
{{- end }}

{{/* Items behind `env:` that all programs end with. */}}
{{- define "outrigger.commonEnv" -}}
- name: OUTRIGGER_LOG_LEVEL
  value: {{ .root.Values.logLevel }}
{{- with .values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* A token that ends and is renewed, instead of the ServiceAccount's own for ever. */}}
{{- define "outrigger.tokenVolume" -}}
- name: kube-api-access
  projected:
    # 0444
    defaultMode: 292
    sources:
      - serviceAccountToken:
          path: token
          expirationSeconds: 3600
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - path: namespace
              fieldRef:
                fieldPath: metadata.namespace
{{- end }}

{{- define "outrigger.tokenMount" -}}
- name: kube-api-access
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}
