{{- define "clocktower.name" -}}
{{- default .Release.Name .Values.nameOverride | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "clocktower.selector" -}}
app.kubernetes.io/name: clocktower
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "clocktower.labels" -}}
{{ include "clocktower.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end -}}

{{- define "clocktower.image" -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}

{{- define "clocktower.serviceAccount" -}}
{{- if .Values.serviceAccount.create }}{{ default (include "clocktower.name" .) .Values.serviceAccount.name }}
{{- else }}{{ default "default" .Values.serviceAccount.name }}{{ end -}}
{{- end -}}

{{/* The pods with a clock: the DaemonSet's, or those of KubeVirt's VMs that have the label. */}}
{{- define "clocktower.pods" -}}
{{- if eq .Values.mode "node" }}
{{- include "clocktower.selector" . }}
{{- else -}}
kubevirt.io: virt-launcher
clocktower: "true"
{{- end }}
{{- end -}}

{{/* Nobody gains a privilege, and nothing is written but the volumes. */}}
{{- define "clocktower.securityContext" -}}
runAsNonRoot: true
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: {drop: [ALL]}
seccompProfile: {type: RuntimeDefault}
{{- end -}}

{{/* What a sidecar is started with, whether an annotation or the Plugin asks for it. */}}
{{- define "clocktower.sidecarArgs" -}}
{{- $directory := ternary "/var/run/kubevirt-hooks" "/var/run/kubevirt-plugin/clocktower" (eq .kind "hook") -}}
{{- $args := list (printf "-Dclocktower.kubevirt.%s.enabled=true" .kind) (printf "-Dclocktower.socket-dir=%s/sockets" $directory) (printf "-Dclocktower.state-dir=%s/state" $directory) "-Dquarkus.http.host=127.0.0.1" (printf "-Dclocktower.monitoring.port=%d" (int .root.Values.monitoring.port)) -}}
{{- if eq .kind "hook" }}{{ $args = append $args "-Dsmallrye.config.locations=/etc/clocktower/application.yaml" }}{{ end -}}
{{- toJson $args -}}
{{- end -}}

{{- define "clocktower.hookSidecars" -}}
{{- $args := include "clocktower.sidecarArgs" (dict "root" . "kind" "hook") | fromJsonArray -}}
{{- $map := dict "name" (include "clocktower.name" .) "key" "application.yaml" "hookPath" "/etc/clocktower/application.yaml" -}}
{{- list (dict "image" (include "clocktower.image" .) "imagePullPolicy" .Values.image.pullPolicy "args" $args "configMap" $map) | toJson -}}
{{- end -}}
