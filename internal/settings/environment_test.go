package settings

import (
	"path/filepath"
	"testing"
)

func TestPlaces(t *testing.T) {
	for name, test := range map[string]struct {
		given givenSettings
		want  Places
	}{
		"nothing is known": {givenSettings{}, Places{}},
		"Linux":            {givenSettings{env: vars{"HOME": "/h"}}, Places{"/h/.cache/m2m", "/h/.local/state/m2m"}},
		"XDG": {
			givenSettings{env: vars{"HOME": "/h", "XDG_CACHE_HOME": "/c", "XDG_STATE_HOME": "/s"}},
			Places{"/c/m2m", "/s/m2m"},
		},
		"XDG without HOME": {givenSettings{env: vars{"XDG_CACHE_HOME": "/c"}}, Places{"/c/m2m", ""}},
		"relative XDG is ignored": {
			givenSettings{env: vars{"HOME": "/h", "XDG_CACHE_HOME": "c", "XDG_STATE_HOME": ""}},
			Places{"/h/.cache/m2m", "/h/.local/state/m2m"},
		},
		"macOS": {givenSettings{goos: "darwin", env: vars{"HOME": "/h", "XDG_CACHE_HOME": "/c"}},
			Places{"/h/Library/Caches/m2m", "/h/Library/Application Support/m2m"}},
		"Windows": {
			givenSettings{goos: "windows", env: vars{"LocalAppData": "/l", "HOME": "/h"}},
			Places{"/l/m2m/cache", "/l/m2m/state"},
		},
		"named": {givenSettings{env: vars{"HOME": "/h", "M2M_CACHE_DIR": "/mine/./c", "M2M_STATE_DIR": "/mine/s"}},
			Places{"/mine/c", "/mine/s"}},
		"a file that is named over the environment": {
			givenSettings{env: vars{"M2M_CACHE_DIR": "/e", "M2M_STATE_DIR": "/e"}, file: "M2M_CACHE_DIR=/f", named: true},
			Places{"/f", "/e"}},
		"the local tenant's cache, the caller's state": {
			givenSettings{local: vars{"M2M_CACHE_DIR": "/local/c"}, env: vars{"M2M_CACHE_DIR": "/e", "M2M_STATE_DIR": "/s"}},
			Places{"/local/c", "/s"}},
	} {
		t.Run(name, func(t *testing.T) {
			if filepath.Separator != '/' {
				t.Skip("the paths of this test are those of Unix")
			}
			in := test.given.input(t)
			got, err := ResolvePlaces(in)
			if err != nil || got != test.want {
				t.Errorf("resolvePlaces = %+v, %v, want %+v", got, err, test.want)
			}
			s, err := Resolve(in)
			if err != nil || s.Places != test.want {
				t.Errorf("resolveSettings disagrees: %+v, %v", s, err)
			}
		})
	}
}

func TestRelativePlaceStartsInTheWorkingDirectory(t *testing.T) {
	in := givenSettings{env: vars{"M2M_CACHE_DIR": "c"}}.input(t)
	got, err := ResolvePlaces(in)
	if want := filepath.Join(in.Dir, "c"); err != nil || got.CacheDir != want {
		t.Errorf("got %q, %v, want %q", got.CacheDir, err, want)
	}
}
