/* SPDX-License-Identifier: BSD-3-Clause */
/* Which frames get through a port, so that what its driver would lose is counted under a name. */
#include <net/if.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "dataplane/dpdk/forward.h"
#include "dataplane/dpdk/interface.h"

#define HEADER_LEN 14
#define TAG_LEN    4

static bool fits(uint32_t room, uint32_t mtu, uint32_t len, uint16_t ether_type)
{
	uint8_t bytes[HEADER_LEN] = {[12] = (uint8_t)(ether_type >> 8), [13] = (uint8_t)ether_type};
	struct rte_mbuf frame = {.buf_addr = bytes, .data_len = RTE_MIN(len, sizeof(bytes)), .pkt_len = len};
	struct zr_device device = {.tx_room = room, .tx_len_max = (uint32_t)RTE_MIN(room, (uint64_t)mtu + HEADER_LEN)};

	return zr_forward_fits(&device, &frame);
}

static void interfaces_lose_what_is_beyond_their_mtu(void **state)
{
	(void)state;
	assert_true(fits(9000, 1500, HEADER_LEN, 0x0800));
	assert_true(fits(9000, 1500, HEADER_LEN + 1500, 0x0800));
	assert_false(fits(9000, 1500, HEADER_LEN + 1501, 0x0800));
	assert_false(fits(9000, 1500, HEADER_LEN + 1500 + TAG_LEN, 0x86dd));
}

static void one_tag_comes_on_top(void **state)
{
	(void)state;
	assert_true(fits(9000, 1500, HEADER_LEN + TAG_LEN + 1500, 0x8100));
	assert_false(fits(9000, 1500, HEADER_LEN + TAG_LEN + 1501, 0x8100));
	assert_false(fits(9000, 1500, HEADER_LEN + TAG_LEN + 1500, 0x88a8));
}

static void frames_without_a_whole_header_fit(void **state)
{
	(void)state;
	assert_true(fits(9000, 1500, HEADER_LEN - 1, 0x8100));
	assert_true(fits(UINT32_MAX, UINT32_MAX, 1, 0));
}

static void slots_hold_the_whole_frame(void **state)
{
	(void)state;
	assert_true(fits(1982, 9000, 1982, 0x8100));
	assert_false(fits(1982, 9000, 1983, 0x8100));
}

static void other_ports_take_any_length(void **state)
{
	(void)state;
	assert_true(fits(UINT32_MAX, UINT32_MAX, 65535, 0x0800));
}

static void length_and_link_are_the_interfaces(void **state)
{
	struct zr_device device = {.interface = if_nametoindex("lo"), .tx_room = UINT32_MAX - TAG_LEN};
	uint32_t len_max;

	(void)state;
	assert_int_not_equal(device.interface, 0);
	zr_interface_look(&device);
	len_max = device.tx_len_max;
	if (device.link_up)
		assert_in_range(len_max, HEADER_LEN + 1500, 1 << 20);
	/* It went away: nothing can be sent, and what was known of its length stays. */
	device.interface = INT32_MAX;
	device.link_up = true;
	zr_interface_look(&device);
	assert_false(device.link_up);
	assert_int_equal(device.tx_len_max, len_max);
	/* A port without an interface beneath it. */
	device.interface = 0;
	device.link_up = true;
	zr_interface_look(&device);
	assert_true(device.link_up);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interfaces_lose_what_is_beyond_their_mtu),
		cmocka_unit_test(one_tag_comes_on_top),
		cmocka_unit_test(frames_without_a_whole_header_fit),
		cmocka_unit_test(slots_hold_the_whole_frame),
		cmocka_unit_test(other_ports_take_any_length),
		cmocka_unit_test(length_and_link_are_the_interfaces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
