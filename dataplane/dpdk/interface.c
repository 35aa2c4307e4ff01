/* SPDX-License-Identifier: BSD-3-Clause */
#include "dataplane/dpdk/interface.h"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <rte_ether.h>

/* netdevice(7): any socket will do. */
static bool ask(int fd, unsigned long what, struct ifreq *request)
{
	return ioctl(fd, what, request) == 0;
}

/* Is its carrier there? IFF_RUNNING follows that up to a second later, in which what it could send would be lost. */
static bool has_carrier(int fd, const struct ifreq *request)
{
	struct ethtool_value link = {.cmd = ETHTOOL_GLINK};
	struct ifreq carrier = *request;

	carrier.ifr_data = (char *)&link;
	if (ask(fd, SIOCETHTOOL, &carrier))
		return link.data != 0;
	return (request->ifr_flags & IFF_RUNNING) != 0;
}

void zr_interface_look(struct zr_device *d)
{
	struct ifreq request = {0};
	uint32_t len_max;
	bool up;
	int fd;

	if (d->interface == 0)
		return;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	/* Nothing is known then, and what was known last may still be so. */
	if (fd < 0)
		return;
	request.ifr_ifindex = (int)d->interface;
	up = ask(fd, SIOCGIFNAME, &request) && ask(fd, SIOCGIFFLAGS, &request) && (request.ifr_flags & IFF_UP) != 0 &&
	     has_carrier(fd, &request);
	atomic_store_explicit(&d->link_up, up, memory_order_relaxed);
	if (up && ask(fd, SIOCGIFMTU, &request)) {
		len_max = (uint32_t)request.ifr_mtu + RTE_ETHER_HDR_LEN;
		atomic_store_explicit(&d->tx_len_max, RTE_MIN(len_max, d->tx_room), memory_order_relaxed);
	}
	close(fd);
}
