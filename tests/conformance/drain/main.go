// Copyright (c) 2026 dockyard.openshift contributors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Says which pods of a node kubectl drain would evict, leave and refuse: one JSON case a line on stdin, one answer a line
// on stdout. The API is in memory; nothing is evicted.
package main

import (
	"context"
	"log"
	"os"
	"regexp"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/kubectl/pkg/drain"

	"dockyard.openshift/conformance/stream"
)

// Case is the pods of a node, the daemon sets that exist, and the options of a drain at a time.
type Case struct {
	Pods       []corev1.Pod `json:"pods"`
	DaemonSets []string     `json:"daemonsets"`
	Now        time.Time    `json:"now"`
	Options    struct {
		Force            bool   `json:"force"`
		IgnoreDaemonSets bool   `json:"ignore_daemonsets"`
		DeleteEmptyDir   bool   `json:"delete_emptydir_data"`
		PodSelector      string `json:"pod_selector"`
		Skip             int    `json:"skip_wait_for_delete_timeout"`
	} `json:"options"`
}

// Answer is what becomes of each pod, with the text for it; a pod without a text is in a list with the text "".
type Answer struct {
	Evict  map[string]string `json:"evict"`
	Skip   map[string]string `json:"skip"`
	Refuse map[string]string `json:"refuse"`
	Error  string            `json:"error"`
}

// groups are written as `text: pod, pod`, and several of them with "; " between.
var group = regexp.MustCompile(`(.*): ((?:[^ ,:;]+/[^ ,;]+)(?:, [^ ,;]+/[^ ,;]+)*)$`)

func texts(message, prefix string, into map[string]string) {
	found := group.FindStringSubmatch(strings.TrimPrefix(message, prefix))
	if found == nil {
		log.Fatalf("nothing that names pods: %q", message)
	}
	for _, pod := range strings.Split(found[2], ", ") {
		into[pod] = found[1]
	}
}

func answer(asked Case) Answer {
	var objects []runtime.Object
	passed := time.Since(asked.Now)
	for n := range asked.Pods {
		pod := &asked.Pods[n]
		if !pod.DeletionTimestamp.IsZero() { // the drain reads the clock itself
			pod.DeletionTimestamp.Time = pod.DeletionTimestamp.Add(passed)
		}
		objects = append(objects, pod)
	}
	for _, name := range asked.DaemonSets {
		namespace, name, _ := strings.Cut(name, "/")
		objects = append(objects, &appsv1.DaemonSet{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}})
	}
	helper := &drain.Helper{
		Ctx: context.Background(), Client: fake.NewClientset(objects...),
		Force: asked.Options.Force, IgnoreAllDaemonSets: asked.Options.IgnoreDaemonSets,
		DeleteEmptyDirData: asked.Options.DeleteEmptyDir, PodSelector: asked.Options.PodSelector,
		SkipWaitForDeleteTimeoutSeconds: asked.Options.Skip, Out: os.Stderr, ErrOut: os.Stderr,
	}
	list, errors := helper.GetPodsForDeletion("node")
	if list == nil {
		return Answer{Error: errors[0].Error()}
	}
	found := Answer{Evict: map[string]string{}, Skip: map[string]string{}, Refuse: map[string]string{}}
	warned := map[string]string{}
	if warnings := list.Warnings(); warnings != "" {
		for _, one := range strings.Split(warnings, "; ") {
			texts(one, "", warned)
		}
	}
	for _, err := range errors {
		texts(err.Error(), "cannot delete ", found.Refuse)
	}
	for _, pod := range list.Pods() {
		name := pod.Namespace + "/" + pod.Name
		found.Evict[name] = warned[name]
	}
	selected, err := helper.Client.CoreV1().Pods("").List(helper.Ctx, metav1.ListOptions{LabelSelector: asked.Options.PodSelector})
	if err != nil {
		log.Fatal(err)
	}
	for _, pod := range selected.Items { // what is neither evicted nor refused stays
		name := pod.Namespace + "/" + pod.Name
		_, goes := found.Evict[name]
		_, refused := found.Refuse[name]
		if !goes && !refused {
			found.Skip[name] = warned[name]
		}
	}
	return found
}

func main() {
	stream.Answer(answer)
}
