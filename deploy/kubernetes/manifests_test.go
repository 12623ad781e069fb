// Package kubernetes_test reads the manifests with the types of Kubernetes.
package kubernetes_test

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/yaml"
)

// manifests are the objects of m2m.yaml, strictly read: an unknown or a doubled
// field is an error, as it is for kubectl apply --validate=strict.
type manifests struct {
	settings   corev1.ConfigMap
	deployment appsv1.Deployment
	service    corev1.Service
	budget     policyv1.PodDisruptionBudget
	policies   []networkingv1.NetworkPolicy
}

func read(t *testing.T) manifests {
	t.Helper()
	text, err := os.ReadFile("m2m.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var m manifests
	for document := range bytes.SplitSeq(text, []byte("\n---\n")) {
		var kind struct{ Kind string }
		if err := yaml.Unmarshal(document, &kind); err != nil {
			t.Fatal(err)
		}
		policy := networkingv1.NetworkPolicy{}
		object, known := map[string]any{
			"ConfigMap": &m.settings, "Deployment": &m.deployment, "Service": &m.service, "PodDisruptionBudget": &m.budget,
			"NetworkPolicy": &policy,
		}[kind.Kind]
		if !known {
			t.Fatalf("kind %q", kind.Kind)
		}
		if err := yaml.UnmarshalStrict(document, object); err != nil {
			t.Errorf("%s: %v", kind.Kind, err)
		}
		if kind.Kind == "NetworkPolicy" {
			m.policies = append(m.policies, policy)
		}
	}
	return m
}

func TestManifests(t *testing.T) {
	m := read(t)
	pod := m.deployment.Spec.Template
	if got := *m.deployment.Spec.Replicas; got < 2 {
		t.Errorf("%d replicas: the gate goes down with one of them", got)
	}
	if m.deployment.Spec.Strategy.RollingUpdate.MaxUnavailable.IntValue() != 0 {
		t.Error("an update takes a replica away before another one is ready")
	}
	for name, selector := range map[string]map[string]string{
		"Deployment": m.deployment.Spec.Selector.MatchLabels, "Service": m.service.Spec.Selector,
		"PodDisruptionBudget":        m.budget.Spec.Selector.MatchLabels,
		"NetworkPolicy":              m.policies[0].Spec.PodSelector.MatchLabels,
		"ingress of the application": m.policies[1].Spec.Ingress[0].From[0].PodSelector.MatchLabels,
	} {
		if len(selector) == 0 || !labels.SelectorFromSet(selector).Matches(labels.Set(pod.Labels)) {
			t.Errorf("%s selects %v, the pods have %v", name, selector, pod.Labels)
		}
	}
	container := pod.Spec.Containers[0]
	if container.EnvFrom[0].ConfigMapRef.Name != m.settings.Name {
		t.Error("the pods do not read the settings")
	}
	if i := slices.Index(container.Args, "--drain-delay"); i < 0 ||
		!drainsInTime(t, container.Args[i+1], *pod.Spec.TerminationGracePeriodSeconds) {
		t.Error("a pod stops listening while requests are still sent to it, or is killed before it has drained")
	}
	if m.service.Spec.Ports[0].TargetPort.StrVal != container.Ports[0].Name {
		t.Error("the service leads to another port")
	}
	for name, probe := range map[string]*corev1.Probe{"/readyz": container.ReadinessProbe,
		"/healthz": container.LivenessProbe} {
		if probe.HTTPGet.Path != name || probe.HTTPGet.Port.StrVal != container.Ports[0].Name {
			t.Errorf("%s: %+v", name, probe.HTTPGet)
		}
	}
	if limit := container.Resources.Limits.Memory(); limit.Value() < 150<<20 {
		t.Errorf("a memory limit of %s: serve takes up to 96 MiB, and the sockets of a burst count too", limit)
	}
	// A pod whose startup probe fails is killed, and a restart brings no keys.
	if p := container.StartupProbe; p != nil && p.HTTPGet.Path == "/readyz" {
		t.Error("a pod that starts while the tenant is out of reach is killed for it")
	}
}

// drainsInTime adds the default of --drain to a delay.
func drainsInTime(t *testing.T, delay string, grace int64) bool {
	t.Helper()
	d, err := time.ParseDuration(delay)
	if err != nil {
		t.Fatal(err)
	}
	return d > 0 && d+10*time.Second < time.Duration(grace)*time.Second
}

func TestPodsAreRestricted(t *testing.T) {
	pod := read(t).deployment.Spec.Template.Spec
	container := pod.Containers[0].SecurityContext
	drop := []corev1.Capability{"ALL"}
	for rule, holds := range map[string]bool{
		"not root":               *pod.SecurityContext.RunAsNonRoot && *pod.SecurityContext.RunAsUser == 65532,
		"a seccomp profile":      pod.SecurityContext.SeccompProfile.Type == corev1.SeccompProfileTypeRuntimeDefault,
		"no escalation":          !*container.AllowPrivilegeEscalation,
		"a read-only root":       *container.ReadOnlyRootFilesystem,
		"no capabilities":        reflect.DeepEqual(container.Capabilities.Drop, drop) && container.Capabilities.Add == nil,
		"no token of Kubernetes": !*pod.AutomountServiceAccountToken,
	} {
		if !holds {
			t.Errorf("not kept: %s (Pod Security Standards, restricted)", rule)
		}
	}
}
