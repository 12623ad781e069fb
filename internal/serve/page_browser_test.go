package serve_test

import (
	"context"
	"errors"
	"fmt"
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
	if testing.Short() {
		t.Skip("a browser is too slow for the fast lane")
	}
	s := raise(t, serve.Config{Policy: demoPolicy(), Version: "v1.2.3"})
	b := openBrowser(t)
	err := b.visit(t, s)
	for attempt := 1; errors.Is(err, errStuck) && attempt < 5; attempt++ {
		// Swagger UI, pressed while it still resolves the document's references, now
		// and then sends nothing and keeps the button disabled for good. A person
		// loads the page again, too.
		t.Logf("%v; loading the page again", err)
		err = b.visit(t, s)
	}
	if err != nil {
		t.Fatal(err)
	}
	b.onlyLoopback(t)
}

// visit loads the page and does what a person does.
func (b *browser) visit(t *testing.T, s *stage) error {
	const get = `.opblock-get[id*="getSecureData"]`
	b.do(t, chromedp.Navigate("http://"+s.addr+"/docs"), chromedp.WaitVisible(chromedp.CSS(get)))
	b.picture(t, "page")
	if err := b.press(get+" .opblock-summary-control", shown(get+".is-open")); err != nil {
		return err
	}
	if err := b.await(shown(get+" .headers__title"), 20*time.Second); err != nil { // the references are resolved
		return err
	}
	rejected, err := b.execute(get, "401")
	if err != nil {
		return err
	}
	if !strings.Contains(rejected, `www-authenticate: Bearer realm="m2m"`) {
		t.Errorf("without a token the page shows %q", rejected)
	}
	b.picture(t, "rejected")
	if err := b.press("button.authorize", shown(".auth-container input")); err != nil {
		return err
	}
	b.do(t, chromedp.SendKeys(chromedp.CSS(".auth-container input"), s.token(t, appClaims(nil)), chromedp.NodeVisible))
	b.picture(t, "authorize")
	if err := errors.Join(b.press(".auth-btn-wrapper button.authorize", "!"+shown(".auth-container input")),
		b.press(".auth-btn-wrapper button.btn-done", "!"+shown(".auth-container"))); err != nil {
		return err
	}
	answer, err := b.execute(get, "200")
	if err != nil {
		return err
	}
	curl, err := chromedp.Run(b.ctx, chromedp.Text(chromedp.CSS(get+" .curl-command")))
	if err == nil && (!strings.Contains(curl, "Bearer $TOKEN") || strings.Contains(curl, "eyJ")) {
		t.Errorf("the curl command is %.300q, want $TOKEN instead of the token", curl)
	}
	if err == nil && !strings.Contains(answer, `"client_id": "`+clientID+`"`) {
		t.Errorf("with a token the page shows %q", answer)
	}
	b.picture(t, "let-in")
	return err
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
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.WindowSize(1280, 1500),
		chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-quic", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("no-proxy-server", true))
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
// breach of the page's Content-Security-Policy is reported.
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

// shown is JavaScript that asks whether the page has an element.
func shown(selector string) string {
	return fmt.Sprintf("(document.querySelector(%q) !== null)", selector)
}

// errStuck says that the page does not show what a button is for.
var errStuck = errors.New("the page is stuck")

// await waits until the page shows something, or for errStuck.
func (b *browser) await(aim string, most time.Duration) error {
	_, err := chromedp.Run(b.ctx,
		chromedp.Poll[bool](aim, chromedp.WithPollingInterval(50*time.Millisecond), chromedp.WithPollingTimeout(most)))
	if errors.Is(err, chromedp.ErrPollingTimeout) {
		return fmt.Errorf("%w: it never was %s", errStuck, aim)
	}
	return err
}

// press presses a button until the page shows what the press is for, or errStuck:
// a page that is still being built loses presses.
func (b *browser) press(selector, aim string) error {
	click := chromedp.Evaluate[any](fmt.Sprintf("%s || document.querySelector(%q)?.click()", aim, selector))
	err := errStuck
	for attempt := 0; attempt < 4 && errors.Is(err, errStuck); attempt++ {
		if _, err = chromedp.Run(b.ctx, click); err == nil {
			err = b.await(aim, 5*time.Second)
		}
	}
	return err
}

// execute presses the button of an operation until the page shows an answer with
// that status, and returns its text.
func (b *browser) execute(operation, status string) (string, error) {
	table := operation + " .live-responses-table"
	aim := fmt.Sprintf("(document.querySelector(%q)?.textContent ?? '').startsWith(%q)",
		table+" tbody .response-col_status", status)
	if err := b.press(operation+" button.execute", aim); err != nil {
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
