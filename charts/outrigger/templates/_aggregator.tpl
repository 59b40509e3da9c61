{{/* What the aggregator reads to find servers, in the whole cluster or in some namespaces. */}}
{{- define "outrigger.aggregatorRules" -}}
# list, watch: sidecars are found through the labels and annotations of their pods.
- apiGroups: [""]
  resources: [pods]
  verbs: [list, watch]
{{- if .Values.aggregator.services }}
# list, watch: labelled Services say that their addresses are sidecars.
- apiGroups: [""]
  resources: [services]
  verbs: [list, watch]
# list, watch: the addresses of a Service stand in its slices.
- apiGroups: [discovery.k8s.io]
  resources: [endpointslices]
  verbs: [list, watch]
{{- end }}
{{- end }}

{{/* Names of the ConfigMaps that list servers, by namespace, JSON. */}}
{{- define "outrigger.listsByNamespace" -}}
{{- $names := dict -}}
{{- range .Values.aggregator.serverLists -}}
{{- $_ := set $names .namespace (append (default list (get $names .namespace)) .name) -}}
{{- end -}}
{{ toJson $names }}
{{- end }}

{{/* Who may call: variables. */}}
{{- define "outrigger.aggregatorAuthEnv" -}}
{{- $v := .Values.aggregator -}}
- name: OUTRIGGER_AUTH
  value: {{ join "," $v.auth.methods | quote }}
{{- with $v.auth.issuers }}
- name: OUTRIGGER_OIDC_ISSUERS
  value: {{ toJson . | quote }}
{{- end }}
{{- if $v.auth.apiKeysSecret }}
- name: OUTRIGGER_API_KEYS
  value: /etc/outrigger/api-keys/keys
{{- end }}
{{- if $v.tlsSecret }}
- name: OUTRIGGER_TLS_CERT
  value: /etc/outrigger/tls/tls.crt
- name: OUTRIGGER_TLS_KEY
  value: /etc/outrigger/tls/tls.key
{{- end }}
{{- if $v.auth.clientCaSecret }}
- name: OUTRIGGER_TLS_CLIENT_CA
  value: /etc/outrigger/client-ca/ca.crt
{{- end }}
{{- with $v.auth.clientCertHeader }}
- name: OUTRIGGER_CLIENT_CERT_HEADER
  value: {{ . | quote }}
{{- end }}
{{- with $v.trustedProxies }}
- name: OUTRIGGER_TRUST_PROXIES
  value: {{ join "," . | quote }}
{{- end }}
- name: OUTRIGGER_PROXY_HEADERS
  value: {{ $v.proxyHeaders }}
{{- with $v.publicUrl }}
- name: OUTRIGGER_PUBLIC_URL
  value: {{ . | quote }}
{{- end }}
{{- end }}

{{/* Secrets of the door by the name of their volume, JSON. */}}
{{- define "outrigger.aggregatorAuthSecrets" -}}
{{- $v := .Values.aggregator -}}
{{- $secrets := dict -}}
{{- with $v.auth.apiKeysSecret }}{{ $_ := set $secrets "api-keys" . }}{{ end -}}
{{- with $v.auth.clientCaSecret }}{{ $_ := set $secrets "client-ca" . }}{{ end -}}
{{- with $v.tlsSecret }}{{ $_ := set $secrets "tls" . }}{{ end -}}
{{ toJson $secrets }}
{{- end }}
