package dockerd_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/runner-init/runner-init/internal/dockerd"
)

func TestArguments(t *testing.T) {
	file := filepath.Join(t.TempDir(), "daemon.json")
	if err := os.WriteFile(file, []byte(`{"mtu": 1300, "hosts": ["unix:///other.sock"], "group": "staff"}`), 0o644); err != nil {
		t.Fatal(err)
	}
	none := "--config-file=" + filepath.Join(t.TempDir(), "none")
	full := dockerd.Settings{
		Mirrors: []string{"https://a.example.com", "http://b:5000"}, Pools: []string{"10.200.0.0/16:24", "fd00:1::/48:64"}, MTU: 1450, Group: "4711",
	}
	for name, test := range map[string]struct {
		args, want []string
	}{
		"all": {[]string{none}, []string{
			"--host=unix:///s", "--mtu=1450", "--group=4711", "--registry-mirror=https://a.example.com", "--registry-mirror=http://b:5000",
			"--default-address-pool=base=10.200.0.0/16,size=24", "--default-address-pool=base=fd00:1::/48,size=64", none,
		}},
		"the user's": {[]string{none, "--mtu", "1400", "-G", "root"}, []string{
			"--host=unix:///s", "--registry-mirror=https://a.example.com", "--registry-mirror=http://b:5000",
			"--default-address-pool=base=10.200.0.0/16,size=24", "--default-address-pool=base=fd00:1::/48,size=64", none, "--mtu", "1400", "-G", "root",
		}},
		"the file's": {[]string{"--config-file", file}, []string{
			"--registry-mirror=https://a.example.com", "--registry-mirror=http://b:5000",
			"--default-address-pool=base=10.200.0.0/16,size=24", "--default-address-pool=base=fd00:1::/48,size=64", "--config-file", file,
		}},
	} {
		s := full
		s.Args = test.args
		if got := s.Arguments("/s"); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
}

// The tables are what a kernel shows, cut to a few rows.
func TestMTU(t *testing.T) {
	const (
		head = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
		net  = "eth1\t0000000A\t00000000\t0001\t0\t0\t0\t000000FF\t0\t0\t0\n"
		far  = "eth1\t00000000\t0100000A\t0003\t0\t0\t200\t00000000\t0\t0\t0\n"
		near = "eth0\t00000000\t010011AC\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
		down = "eth2\t00000000\t010011AC\t0002\t0\t0\t0\t00000000\t0\t0\t0\n"
		zero = "00000000000000000000000000000000"
		six  = zero + " 00 " + zero + " 00 fe800000000000000000000000000001 00000400 00000001 00000000 00000003     eth6\n"
		none = zero + " 00 " + zero + " 00 " + zero + " ffffffff 00000001 00000000 00200200       lo\n"
	)
	for name, test := range map[string]struct {
		four, six string
		want      int
	}{
		"one":              {head + net + near, "", 9001},
		"the least metric": {head + down + far + near, "", 9001},
		"the other order":  {head + near + far, "", 9001},
		"IPv6 alone":       {head + net, none + six, 1280},
		"IPv4 first":       {head + far, six, 1450},
		"no route":         {head + net, none, 0},
		"no table":         {"", "", 0},
	} {
		system := fstest.MapFS{
			"proc/net/route": {Data: []byte(test.four)}, "proc/net/ipv6_route": {Data: []byte(test.six)},
			"sys/class/net/eth0/mtu": {Data: []byte("9001\n")}, "sys/class/net/eth1/mtu": {Data: []byte("1450\n")}, "sys/class/net/eth6/mtu": {Data: []byte("1280\n")},
		}
		if got := dockerd.MTU(system); got != test.want {
			t.Errorf("%s: got %d, want %d", name, got, test.want)
		}
	}
}
