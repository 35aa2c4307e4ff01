/* SPDX-License-Identifier: BSD-3-Clause */
#include "rules/list_bind.h"

#include <errno.h>
#include <stdlib.h>

int zr_list_bind_add(struct zr_list *list, uint32_t service, struct zr_place place)
{
	if (list->bind_count == list->bind_room) {
		size_t room = list->bind_room == 0 ? 16 : list->bind_room * 2;
		struct zr_list_bind *binds = reallocarray(list->binds, room, sizeof(*binds));

		if (binds == NULL)
			return -ENOMEM;
		list->binds = binds;
		list->bind_room = room;
	}
	list->binds[list->bind_count++] = (struct zr_list_bind){.service = service, .place = place};
	return 0;
}

static int compare_offsets(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* The first of the binds, sorted by service, with this service, or NULL. */
static const struct zr_list_bind *find(const struct zr_list *list, uint32_t service)
{
	_Static_assert(offsetof(struct zr_list_bind, service) == 0, "compared as offsets");
	if (list->bind_count == 0)
		return NULL;
	return bsearch(&service, list->binds, list->bind_count, sizeof(*list->binds), compare_offsets);
}

/* Services, ascending, under which an entry without a bind stands. */
static uint32_t *collect_services(const struct zr_list *list, size_t *count)
{
	const struct zr_tariff *tariffs = (const void *)list->tariffs.bytes;
	size_t tariff_count = list->tariffs.len / sizeof(*tariffs);
	uint32_t *services = calloc(tariff_count + 1, sizeof(*services));

	*count = 0;
	if (services == NULL)
		return NULL;
	for (size_t i = 0; i < tariff_count; i++)
		if (list->texts.bytes[tariffs[i].bind] == '\0')
			services[(*count)++] = tariffs[i].service;
	qsort(services, *count, sizeof(*services), compare_offsets);
	return services;
}

int zr_list_bind_report(struct zr_list *list, struct zr_report *report)
{
	uint32_t *services;
	size_t count;

	if (list->bind_count == 0)
		return 0;
	qsort(list->binds, list->bind_count, sizeof(*list->binds), compare_offsets);
	services = collect_services(list, &count);
	if (services == NULL)
		return -ENOMEM;
	for (size_t i = 0; i < list->bind_count; i++) {
		const struct zr_list_bind *bind = &list->binds[i];

		if (bsearch(&bind->service, services, count, sizeof(*services), compare_offsets) == NULL)
			zr_report(report, bind->place,
				  "no entry without a bind has the service \"%s\": write a service of this list, whose "
				  "flows then make this entry free",
				  list->texts.bytes + bind->service);
	}
	free(services);
	return 0;
}

void zr_list_bind_mark(const struct zr_list *list, struct zr_tariff *tariffs, size_t count)
{
	for (size_t i = 0; i < count; i++)
		tariffs[i].binds = find(list, tariffs[i].service) != NULL;
}
