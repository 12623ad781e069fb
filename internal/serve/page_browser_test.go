package serve_test

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"m2m/internal/serve"
)

// TestPageInBrowser uses the page as a person does: it sends a request without a
// token, pastes one, sends it again. M2M_SCREENSHOTS names a folder for pictures
// of the page.
func TestPageInBrowser(t *testing.T) {
	s := raise(t, serve.Config{Policy: demoPolicy(), Version: "v1.2.3"})
	b := openBrowser(t)
	const get = `.opblock-get[id*="getSecureData"] `
	b.open(t, "http://"+s.addr+"/docs", get)
	got, err := b.execute(get, "401")
	for attempt := 1; err != nil && attempt < 5; attempt++ {
		// Swagger UI now and then loses the first press on a busy machine.
		b.open(t, "http://"+s.addr+"/docs", get)
		got, err = b.execute(get, "401")
	}
	if err != nil || !strings.Contains(got, `www-authenticate: Bearer realm="m2m"`) {
		t.Fatalf("without a token the page shows %q, %v", got, err)
	}
	b.picture(t, "refused")
	b.press(t, "button.authorize")
	b.do(t, chromedp.SendKeys(chromedp.CSS(".auth-container input"), s.token(t, appClaims(nil)), chromedp.NodeVisible))
	b.picture(t, "authorize")
	b.press(t, ".auth-btn-wrapper button.authorize")
	b.press(t, ".auth-btn-wrapper button.btn-done")
	if got, err = b.execute(get, "200"); err != nil || !strings.Contains(got, `"client_id": "`+clientID+`"`) {
		t.Errorf("with a token the page shows %q, %v", got, err)
	}
	b.picture(t, "let-in")
	b.onlyLoopback(t)
}

// browser is a headless Chromium, and all that it asked for and complained of.
type browser struct {
	ctx        context.Context
	mu         sync.Mutex
	requests   []string
	complaints []string
}

func openBrowser(t *testing.T) *browser {
	t.Helper()
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("SKIP: there is no chromium (Debian: apt-get install chromium)")
	}
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 1500), chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("no-proxy-server", true))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	b := &browser{ctx: ctx}
	b.do(t, chromedp.Func(b.watch))
	return b
}

// watch keeps each request, and each entry of the browser's log: that is where a
// breach of the page's Content-Security-Policy is told.
func (b *browser) watch(ctx context.Context, target *chromedp.Target) error {
	requests := cdp.Events(b.ctx, target, network.RequestWillBeSent)
	entries := cdp.Events(b.ctx, target, log.EntryAdded)
	go note(b, requests, func(e network.EventRequestWillBeSent) { b.requests = append(b.requests, e.Request.URL) })
	go note(b, entries, func(e log.EventEntryAdded) {
		b.complaints = append(b.complaints, string(e.Entry.Source)+": "+e.Entry.Text)
	})
	_, err := cdp.Call(ctx, target, network.Enable, network.EnableParams{})
	_, logErr := cdp.Call(ctx, target, log.Enable, cdp.Empty{})
	return errors.Join(err, logErr)
}

func note[E any](b *browser, events iter.Seq2[E, error], keep func(E)) {
	for event, err := range events {
		b.mu.Lock()
		if err == nil {
			keep(event)
		} else if b.ctx.Err() == nil {
			b.complaints = append(b.complaints, err.Error())
		}
		b.mu.Unlock()
	}
}

func (b *browser) do(t *testing.T, steps ...chromedp.Action[chromedp.Void]) {
	t.Helper()
	if err := chromedp.Do(b.ctx, steps...); err != nil {
		t.Fatal(err)
	}
}

// press waits for a button and presses it where it is, even while it moves.
func press(selector string) chromedp.Action[chromedp.Void] {
	click := chromedp.Evaluate[any](`document.querySelector('` + selector + `').click()`)
	return chromedp.Steps(chromedp.WaitVisible(chromedp.CSS(selector)), chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := click(ctx, target)
		return err
	}))
}

func (b *browser) press(t *testing.T, selector string) {
	t.Helper()
	b.do(t, press(selector))
}

// open shows the page with one operation unfolded, and waits until Swagger UI has
// resolved its references, which the headers of the answers tell.
func (b *browser) open(t *testing.T, page, operation string) {
	t.Helper()
	b.do(t, chromedp.Navigate(page), chromedp.WaitVisible(chromedp.CSS(operation)))
	b.picture(t, "page")
	b.press(t, operation+".opblock-summary-control")
	b.do(t, chromedp.WaitVisible(chromedp.CSS(operation+".headers__title")))
}

// execute presses the button of an operation, waits until the page shows an
// answer with that status, and returns its text.
func (b *browser) execute(operation, status string) (string, error) {
	table := operation + ".live-responses-table"
	shown := `document.querySelector('` + table + ` tbody .response-col_status')?.textContent.startsWith('` + status + `')`
	if err := chromedp.Do(b.ctx, press(operation+"button.execute")); err != nil {
		return "", err
	}
	if _, err := chromedp.Run(b.ctx, chromedp.Poll[bool](shown, chromedp.WithPollingInterval(50*time.Millisecond))); err != nil {
		return "", err
	}
	return chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(table)))
}

// onlyLoopback holds every request of the page to this machine.
func (b *browser) onlyLoopback(t *testing.T) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	served := 0
	for _, request := range b.requests {
		u, err := url.Parse(request)
		switch {
		case err != nil || u.Scheme != "data" && u.Hostname() != "127.0.0.1":
			t.Errorf("the page asked for %s", request)
		case u.Scheme == "http":
			served++
		}
	}
	if served < 7 { // the page, its four files, the document, and the answers
		t.Errorf("only %d requests were seen: %q", served, b.requests)
	}
	for _, complaint := range b.complaints {
		if !strings.Contains(complaint, "status of 401") {
			t.Errorf("the browser complains: %s", complaint)
		}
	}
}

// picture saves what the page looks like.
func (b *browser) picture(t *testing.T, name string) {
	t.Helper()
	folder := os.Getenv("M2M_SCREENSHOTS")
	if folder == "" {
		return
	}
	png, err := chromedp.Run(b.ctx, chromedp.FullScreenshot(100))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder+"/"+name+".png", png, 0o644); err != nil {
		t.Fatal(err)
	}
}
