package exposition

import (
	"os"
	"strconv"
	"strings"
)

// clockTicks is how many ticks of /proc a second has: USER_HZ, 100 on every Linux.
const clockTicks = 100

// Process writes the families that dashboards expect of every process, from Linux's
// /proc. Elsewhere there are none.
func (e *Text) Process() {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return
	}
	// The name of the program, the second field, may hold spaces and parentheses.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	number := func(i int) float64 { // of proc(5)'s field i, counted from 1
		if i-3 >= len(fields) {
			return 0
		}
		n, _ := strconv.ParseFloat(fields[i-3], 64)
		return n
	}
	e.One("process_cpu_seconds_total", "counter", "User and system CPU time in seconds.", (number(14)+number(15))/clockTicks)
	e.One("process_virtual_memory_bytes", "gauge", "Virtual memory in bytes.", number(23))
	e.One("process_resident_memory_bytes", "gauge", "Resident memory in bytes.", number(24)*float64(os.Getpagesize()))
	if boot := procNumber("/proc/stat", "btime "); boot > 0 {
		e.One("process_start_time_seconds", "gauge", "Start of the process in seconds since 1970.", boot+number(22)/clockTicks)
	}
	if open, err := os.ReadDir("/proc/self/fd"); err == nil {
		e.One("process_open_fds", "gauge", "Open file descriptors.", len(open))
	}
	if most := procNumber("/proc/self/limits", "Max open files"); most > 0 {
		e.One("process_max_fds", "gauge", "Limit of open file descriptors.", most)
	}
}

// procNumber returns the first number behind a name at the beginning of a line; 0 if
// there is none.
func procNumber(path, name string) float64 {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(content)) {
		if rest, found := strings.CutPrefix(line, name); found {
			if words := strings.Fields(rest); len(words) > 0 {
				n, _ := strconv.ParseFloat(words[0], 64)
				return n
			}
		}
	}
	return 0
}
