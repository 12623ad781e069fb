// Command paired times whole processes side by side.
//
//	paired -n 200 bare=/tmp/bare m2m='m2m token'
//
// Each round starts every command once, in an order that turns from round to
// round, so that whatever else the machine does meets all of them alike. It
// prints the median of each, and the median of its ratio to the first command
// of the same round. A command is split at spaces; no shell is in between.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"
)

// contender is one command and how long it took in each round.
type contender struct {
	name  string
	args  []string
	times []time.Duration
}

func main() {
	rounds := flag.Int("n", 100, "how many rounds")
	warm := flag.Int("warm", 3, "how many rounds before they count")
	flag.Parse()
	contenders, err := parse(flag.Args())
	if err == nil {
		err = race(contenders, *warm, *rounds)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "paired:", err)
		os.Exit(1)
	}
	report(contenders, *rounds)
}

func parse(args []string) (contenders []*contender, err error) {
	for _, arg := range args {
		name, command, ok := strings.Cut(arg, "=")
		if !ok || len(strings.Fields(command)) == 0 {
			return nil, fmt.Errorf("expected NAME=COMMAND, found %q", arg)
		}
		contenders = append(contenders, &contender{name: name, args: strings.Fields(command)})
	}
	if len(contenders) == 0 {
		return nil, fmt.Errorf("there is nothing to time")
	}
	return contenders, nil
}

func race(contenders []*contender, warm, rounds int) error {
	for round := range warm + rounds {
		for i := range contenders {
			c := contenders[(i+round)%len(contenders)]
			took, err := c.run()
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if round >= warm {
				c.times = append(c.times, took)
			}
		}
	}
	return nil
}

// run starts the command and waits for its end. Its output is discarded by the
// system, not read.
func (c *contender) run() (time.Duration, error) {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	cmd.Stderr = os.Stderr
	start := time.Now()
	err := cmd.Run()
	return time.Since(start), err
}

func report(contenders []*contender, rounds int) {
	first := contenders[0]
	fmt.Printf("%d rounds, interleaved; ratio: median of the rounds' ratios to %s\n", rounds, first.name)
	fmt.Printf("%-14s %10s %10s %10s %8s\n", "", "min ms", "median ms", "p90 ms", "ratio")
	for _, c := range contenders {
		ratios := make([]float64, len(c.times))
		for i := range c.times {
			ratios[i] = float64(c.times[i]) / float64(first.times[i])
		}
		slices.Sort(ratios)
		sorted := slices.Sorted(slices.Values(c.times))
		ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
		fmt.Printf("%-14s %10.2f %10.2f %10.2f %8.2f\n", c.name,
			ms(sorted[0]), ms(sorted[len(sorted)/2]), ms(sorted[len(sorted)*9/10]), ratios[len(ratios)/2])
	}
}
