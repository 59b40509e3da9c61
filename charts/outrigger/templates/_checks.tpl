{{/* Values that are right one by one and wrong together: every problem as one sentence, all at once. */}}

{{- define "outrigger.problems" -}}
{{- $v := .Values -}}
{{- $mode := $v.certificates.mode -}}
{{- $limited := $v.rbac.namespaces -}}
{{- $served := default $limited $v.aggregator.namespaces -}}
{{- $listed := include "outrigger.listsByNamespace" . | fromJson | keys | sortAlpha -}}
{{- if has .Release.Namespace (list "kube-system" "kube-public" "kube-node-lease") }}
- namespace {{ .Release.Namespace }} belongs to Kubernetes: install into a namespace of its own, such as outrigger-system
{{- end }}
{{- if and (eq $mode "self") (not $v.operator.enabled) }}
- certificates.mode self needs the operator, which tells API servers whom to trust: set operator.enabled=true, or certificates.mode=cert-manager or files
{{- end }}
{{- if and $limited (eq $mode "self") }}
- rbac.namespaces leaves no rights in the whole cluster, and certificates.mode self needs some: set certificates.mode=cert-manager or files, or leave rbac.namespaces empty
{{- end }}
{{- if has .Release.Namespace $limited }}
- rbac.namespaces names {{ .Release.Namespace }}, in which Outrigger itself runs and nothing is injected: leave it out
{{- end }}
{{- if and (eq $mode "files") (not $v.certificates.files.secretName) }}
- certificates.mode files needs certificates.files.secretName
{{- end }}
{{- if and (ne $mode "files") (or $v.certificates.files.secretName $v.certificates.files.caBundle) }}
- certificates.files goes with certificates.mode=files, which is {{ $mode }}
{{- end }}
{{- if and (ne $mode "cert-manager") $v.certificates.certManager.issuerName }}
- certificates.certManager goes with certificates.mode=cert-manager, which is {{ $mode }}
{{- end }}
{{- $kubernetes := include "outrigger.kubernetesVersion" . -}}
{{- if and (eq (toString $v.injection.defaults.portMode) "named-port") (semverCompare "<1.32" (print $kubernetes ".0")) }}
- injection.defaults.portMode named-port needs Kubernetes 1.32 or newer, and this is {{ $kubernetes }}: choose another, or set injection.kubernetesVersion if the API server is newer than that
{{- end }}
{{- if and $v.webhook.hostNetwork (eq (int $v.webhook.port) 10250) }}
- webhook.hostNetwork needs another webhook.port than 10250, which is the kubelet's on every node
{{- end }}
{{- if eq (int $v.webhook.port) (int (include "outrigger.webhookAdminPort" .)) }}
- webhook.port {{ include "outrigger.webhookAdminPort" . }} is the port of its health and metrics
{{- end }}
{{- if and (eq $v.aggregator.mode "hybrid") (not $v.aggregator.pinned) }}
- aggregator.mode hybrid needs aggregator.pinned: the tools that are listed beside search
{{- end }}
{{- if and (has $v.aggregator.mode (list "search" "direct")) $v.aggregator.pinned }}
- aggregator.pinned goes with aggregator.mode=hybrid or auto, which is {{ $v.aggregator.mode }}
{{- end }}
{{- if and (eq $v.aggregator.names "server") (ne (len $served) 1) }}
- aggregator.names server needs exactly one namespace in aggregator.namespaces: else two servers could have one name
{{- end }}
{{- range $listed }}
{{- if and (eq $v.aggregator.names "server") (eq (len $served) 1) (not (has . $served)) }}
- aggregator.names server is for servers of {{ first $served }} alone, and aggregator.serverLists names a ConfigMap in {{ . }}
{{- end }}
{{- if and $limited (not (has . (append $limited $.Release.Namespace))) }}
- aggregator.serverLists names a ConfigMap in {{ . }}, which rbac.namespaces gives no rights in
{{- end }}
{{- end }}
{{- range $v.aggregator.namespaces }}
{{- if and $limited (not (has . $limited)) }}
- aggregator.namespaces names {{ . }}, which rbac.namespaces gives no rights in
{{- end }}
{{- end }}
{{- $auth := $v.aggregator.auth -}}
{{- $methods := $auth.methods -}}
{{- if and (has "none" $methods) (gt (len $methods) 1) }}
- aggregator.auth.methods names none beside others: none lets everybody in, so it stands alone
{{- end }}
{{- if ne (has "oidc" $methods) (not (empty $auth.issuers)) }}
- aggregator.auth.methods oidc and aggregator.auth.issuers go together
{{- end }}
{{- if ne (has "api-key" $methods) (not (empty $auth.apiKeysSecret)) }}
- aggregator.auth.methods api-key and aggregator.auth.apiKeysSecret go together
{{- end }}
{{- if ne (has "mtls" $methods) (not (empty $auth.clientCaSecret)) }}
- aggregator.auth.methods mtls and aggregator.auth.clientCaSecret go together
{{- end }}
{{- if and (has "mtls" $methods) (not $v.aggregator.tlsSecret) (not $auth.clientCertHeader) }}
- aggregator.auth.methods mtls needs aggregator.tlsSecret, or aggregator.auth.clientCertHeader of proxies that are trusted
{{- end }}
{{- if and $auth.clientCertHeader (or (not (has "mtls" $methods)) (not $v.aggregator.trustedProxies)) }}
- aggregator.auth.clientCertHeader needs aggregator.auth.methods mtls and aggregator.trustedProxies, since everybody else could write that header too
{{- end }}
{{- if and $limited (has "service-account" $methods) }}
- rbac.namespaces leaves no rights in the whole cluster, and aggregator.auth.methods service-account needs one to have tokens reviewed: choose oidc, api-key or mtls, or leave rbac.namespaces empty
{{- end }}
{{- if and (not $v.operator.enabled) (ne (toJson $v.policy) (toJson (dict "defaultAction" "Allow"))) }}
- policy is signed and handed out by the operator: set operator.enabled=true, or leave policy as it is
{{- end }}
{{- if and (not $v.operator.enabled) $v.aggregator.assertions }}
- aggregator.assertions needs the operator, which makes the keys and names them in policies: set operator.enabled=true, or leave it off
{{- end }}
{{- if and (not $v.operator.enabled) $v.networkPolicies.sidecarClients }}
- networkPolicies.sidecarClients is for the operator's network policies: set operator.enabled=true, or leave it empty
{{- end }}
{{- end }}

{{- define "outrigger.refuseProblems" -}}
{{- with include "outrigger.problems" . | trim -}}
{{- fail (printf "these values can't be installed:\n%s" .) -}}
{{- end -}}
{{- end }}

{{/* Ports of health and metrics; packages/api/src/ports.ts has the same, a test holds them together. */}}
{{- define "outrigger.webhookAdminPort" -}}8081{{- end }}
{{- define "outrigger.operatorAdminPort" -}}8081{{- end }}
{{- define "outrigger.aggregatorPort" -}}7777{{- end }}
{{- define "outrigger.aggregatorAdminPort" -}}7778{{- end }}
{{- define "outrigger.sidecarAdminPort" -}}19082{{- end }}

{{/* What works and may surprise, for NOTES. */}}
{{- define "outrigger.warnings" -}}
{{- $v := .Values -}}
{{- if and (eq $v.webhook.failurePolicy "Fail") (lt (int $v.webhook.replicas) 2) }}
- One webhook with failurePolicy Fail: while it restarts, labelled pods are refused. Set webhook.replicas=2.
{{- end }}
{{- if eq $v.webhook.failurePolicy "Ignore" }}
- failurePolicy Ignore: while no webhook answers, labelled pods start without a sidecar, and nothing guards them.
{{- end }}
{{- if not $v.admissionPolicies.enabled }}
- Without admission policies, whoever may change pods can take the sidecar's labels and policy away.
{{- end }}
{{- if not $v.operator.enabled }}
- Without the operator no network policy closes the way past the sidecar: use port mode loopback, env or stdio.
- Without the operator annotations of pods are all the policy there is: those of namespaces are not read.
{{- else if not $v.networkPolicies.sidecars }}
- networkPolicies.sidecars is off: nothing closes the way past the sidecar in port modes sidecar-port and named-port.
{{- else }}
- Port mode sidecar-port is as safe as the network policies that your network enforces; the operator probes them.
{{- end }}
{{- if $v.rbac.namespaces }}
- Limited to {{ join ", " $v.rbac.namespaces }}: labelled pods elsewhere are left alone.
{{- end }}
{{- if has "none" $v.aggregator.auth.methods }}
- aggregator.auth.methods is none: everybody who reaches the aggregator's Service may call, and nobody is asked who they are.{{ if not $v.networkPolicies.clients }} Choose a method, or set networkPolicies.clients.{{ end }}
{{- else if not $v.aggregator.tlsSecret }}
- Credentials of callers come to the aggregator by plain HTTP: let a proxy in front of it speak TLS, or set aggregator.tlsSecret.
{{- end }}
{{- if and $v.aggregator.assertions (has "none" $v.aggregator.auth.methods) }}
- aggregator.assertions tells sidecars who calls, and nobody is asked: rules of policy that allow users, groups or ServiceAccounts fit nobody.
{{- else if not (or $v.aggregator.assertions (has "none" $v.aggregator.auth.methods)) }}
- aggregator.assertions is off, so sidecars do not hear who calls: rules of policy that allow users, groups or ServiceAccounts fit nobody.
{{- end }}
{{- if and (gt (int $v.aggregator.replicas) 1) (not (include "outrigger.sessionKeysSecret" .)) }}
- Replicas of the aggregator share no sessions: one that ends takes its clients' with it. Set aggregator.sessionKeysSecret.
{{- end }}
{{- range $v.aggregator.serverLists }}
- Whoever may write ConfigMap {{ .namespace }}/{{ .name }} says which addresses the aggregator connects to.
{{- end }}
{{- if and (or $v.metrics.serviceMonitor.enabled $v.metrics.podMonitor.enabled) $v.networkPolicies.enabled (not $v.networkPolicies.monitoring) }}
- Prometheus can't reach the ports of metrics: set networkPolicies.monitoring.
{{- end }}
{{- if eq .Release.Namespace "default" }}
- Nothing is injected in namespace default, because Outrigger itself runs there.
{{- end }}
{{- end }}
