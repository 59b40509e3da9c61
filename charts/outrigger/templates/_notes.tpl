{{/* Where the tools are, for NOTES: the public URL where there is one, else a port that is forwarded. */}}
{{- define "outrigger.whereNotes" -}}
{{- $v := .Values.aggregator -}}
{{- if $v.publicUrl -}}
Their tools are then at {{ trimSuffix "/" $v.publicUrl }}/mcp for any MCP client.
{{- else -}}
{{- $at := dict "root" . "component" "aggregator" "values" $v -}}
Their tools are then at {{ ternary "https" "http" (not (empty $v.tlsSecret)) }}://127.0.0.1:7777/mcp for any MCP client, while this runs:

  kubectl port-forward --namespace {{ .Release.Namespace }} service/{{ include "outrigger.componentName" $at }} 7777:{{ $v.service.port }}
{{- end }}
{{- with $v.endpoints }}

Endpoints of your own, in place of /mcp: /mcp/v/{{ keys . | sortAlpha | join ", /mcp/v/" }}
{{- end }}
{{- end }}

{{/* What a caller shows, for NOTES; empty where nobody is asked. */}}
{{- define "outrigger.credentialNotes" -}}
{{- $auth := .Values.aggregator.auth -}}
{{- if not (has "none" $auth.methods) -}}
Every caller shows {{ ternary "one of these" "this" (gt (len $auth.methods) 1) }}:
{{- if has "oidc" $auth.methods }}
- a token of {{ range $index, $issuer := $auth.issuers }}{{ if $index }} or {{ end }}{{ $issuer.url }}{{ end }}; clients of MCP find the login by themselves
{{- end }}
{{- if has "service-account" $auth.methods }}
- a token of a ServiceAccount: kubectl create token NAME --namespace NAMESPACE --audience outrigger
{{- end }}
{{- if has "api-key" $auth.methods }}
- a key whose line is in Secret {{ $auth.apiKeysSecret }}: outrigger api-key NAME makes both
{{- end }}
{{- if has "mtls" $auth.methods }}
- a certificate that an authority in Secret {{ $auth.clientCaSecret }} has signed
{{- end }}
{{- end }}
{{- end }}
