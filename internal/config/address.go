package config

import (
	"net"
	"net/netip"
	"strconv"
)

// Address is where to listen, as host:port; empty means nowhere.
type Address string

// UnmarshalText takes what can be listened at without asking a name server, and every word for off.
func (a *Address) UnmarshalText(text []byte) error {
	if isOff(string(text)) {
		*a = ""
		return nil
	}
	const hint = "use :9090 for every address of the container, or 127.0.0.1:9090 for itself alone"
	host, port, err := net.SplitHostPort(string(text))
	if err != nil {
		return refuse(hint, "%q is not of the form host:port", text)
	}
	if _, err := netip.ParseAddr(host); err != nil && host != "" && host != "localhost" {
		return refuse(hint, "%q is not an IP address", host)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return refuse(hint, "%q is not the number of a port", port)
	}
	*a = Address(text)
	return nil
}
