package deploy_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const callers = 8

// TestReplicas ends one of two replicas behind HAProxy while callers are at
// work. Replicas share nothing, so that is all there is to scaling out: the
// other one answers, nobody notices, and no request is answered twice. A killed
// replica cannot finish what it has begun, so that as many requests as there
// are callers may be in one count and not in the other.
func TestReplicas(t *testing.T) {
	for _, tt := range []struct {
		signal syscall.Signal
		apart  int64
	}{{syscall.SIGTERM, 0}, {syscall.SIGKILL, callers}} {
		t.Run(tt.signal.String(), func(t *testing.T) { endOneReplica(t, tt.signal, tt.apart) })
	}
}

func endOneReplica(t *testing.T, signal syscall.Signal, apart int64) {
	h := newHouse(t)
	replicas := []*program{h.replica(t), h.replica(t)}
	address := freeAddress(t)
	config := configured(t, "haproxy/haproxy.cfg", map[string]string{
		"127.0.0.1:8080": address, "127.0.0.1:8001": replicas[0].addr(t), "127.0.0.1:8002": replicas[1].addr(t),
	})
	answers(t, run(t, nil, "haproxy", "-db", "-f", config), address)

	load := newLoad(address, h.token(t, "client.env"))
	load.until(t, 500) // both have had their share
	ended := time.Now()
	if err := replicas[0].Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	<-replicas[0].ended
	took := time.Since(ended)
	load.until(t, load.answered.Load()+500) // the other one goes on alone
	load.stop()
	// A line of the log follows its answer: the last ones may still be on their way.
	if err := replicas[1].Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-replicas[1].ended
	counts := [2]int{replicas[0].answered(), replicas[1].answered()}
	t.Logf("%d requests answered with 200 and %d otherwise; the replicas answered %d and %d", load.answered.Load(),
		load.failed.Load(), counts[0], counts[1])
	t.Logf("the first one ended %s after the signal %s; HAProxy: retries 2, redispatch, retry-on conn-failure empty-response", took.Round(time.Millisecond), signal)
	if load.failed.Load() != 0 {
		t.Errorf("callers saw %d failures, the first: %v", load.failed.Load(), load.first.Load())
	}
	if sum := int64(counts[0] + counts[1]); max(sum-load.answered.Load(), load.answered.Load()-sum) > apart {
		t.Errorf("callers counted %d answers, the replicas %d", load.answered.Load(), sum)
	}
	if counts[0] == 0 || counts[1] == 0 {
		t.Errorf("one replica answered nothing: %v", counts)
	}
}

// replica runs a gate of its own for the house's tenant.
func (h house) replica(t *testing.T) *program {
	t.Helper()
	return run(t, h.settings(t, "client.env"), m2m, "serve", "--addr", "127.0.0.1:0", "--access-log", "--log-format",
		"json")
}

func (p *program) addr(t *testing.T) string {
	t.Helper()
	return p.wait(t, `http://(127\.0\.0\.1:\d+)/secure-data`)[1]
}

// answered is how many requests a replica says it let in. HAProxy's health
// checks ask another path.
func (p *program) answered() int {
	n := 0
	for line := range strings.Lines(p.text()) {
		if strings.Contains(line, `"path":"/secure-data"`) && strings.Contains(line, `"status":200`) {
			n++
		}
	}
	return n
}

// load is a number of callers that ask again and again.
type load struct {
	answered, failed atomic.Int64
	first            atomic.Value // the first failure, as text
	stop             func()
}

func newLoad(address, token string) *load {
	ctx, cancel := context.WithCancel(context.Background())
	var group sync.WaitGroup
	l := &load{stop: func() { cancel(); group.Wait() }}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: callers}}
	for range callers {
		group.Go(func() {
			for ctx.Err() == nil {
				l.ask(client, "http://"+address+"/secure-data", token)
			}
		})
	}
	return l
}

// ask sends one request and waits for the whole answer, also when the load is
// being stopped: an answer that nobody counts would spoil the sum.
func (l *load) ask(client *http.Client, url, token string) {
	request, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		l.fail(err.Error())
		return
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := client.Do(request)
	if err != nil {
		l.fail(err.Error())
		return
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		l.fail(err.Error())
		return
	}
	if response.StatusCode != http.StatusOK {
		l.fail(response.Status)
		return
	}
	l.answered.Add(1)
}

func (l *load) fail(why string) {
	l.failed.Add(1)
	l.first.CompareAndSwap(nil, why)
}

// until waits for so many answers.
func (l *load) until(t *testing.T, n int64) {
	t.Helper()
	for until := time.Now().Add(60 * time.Second); l.answered.Load() < n; {
		if time.Now().After(until) {
			t.Fatalf("%d answers in a minute, %d failures, the first: %v", l.answered.Load(), l.failed.Load(), l.first.Load())
		}
		<-time.After(5 * time.Millisecond)
	}
}
