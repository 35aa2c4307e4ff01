/* SPDX-License-Identifier: BSD-3-Clause */
/* `zerorate list compile FILE`: from a list to its image, and what can be said of both. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tools/zerorate/atomic_file.h"
#include "tools/zerorate/command.h"
#include "tools/zerorate/list/commands.h"
#include "tools/zerorate/list_file.h"

static const char help[] =
	"zerorate list compile - compile a list as a gateway does, and tell its serial, size and hashes\n"
	"\n"
	"Usage: zerorate list compile FILE [-o IMAGE]\n"
	"\n"
	"Prints what the list is and what it compiles to. The same list gives the same image, byte for byte,\n"
	"on every machine: two desks, or a desk and a gateway, have the same list when the hashes agree.\n"
	"Errors are told as `zerorate list check` tells them. Signatures are not looked at:\n"
	"`zerorate list verify` does that.\n"
	"\n"
	"Options:\n"
	"  -o, --output IMAGE  write the image there: into a file beside it first, which then takes its\n"
	"                      place, so that nobody ever reads half an image. `zerorate list lookup` reads\n"
	"                      images\n"
	"  -h, --help          print this\n"
	"\n"
	"What is printed, a name and a value a line:\n"
	"  serial        the list's serial\n"
	"  issuer        who issued it\n"
	"  entries       entries, exclusions included\n"
	"  image_bytes   size of the image\n"
	"  list_sha256   SHA-256 of the file FILE, as sha256sum prints it\n"
	"  image_sha256  SHA-256 of the image\n"
	"\n"
	"Exit status: 0 compiled (and written), 1 the list has errors or cannot be read, or the image\n"
	"cannot be written, 2 usage.\n"
	"\n"
	"Examples:\n"
	"  zerorate list compile elearning-vn.csv\n"
	"  zerorate list compile elearning-vn.csv -o elearning-vn.img\n";

struct options {
	const char *list, *output; /* output: NULL when none is wanted */
};

static void format_sha256(const void *bytes, size_t len, char out[2 * crypto_hash_sha256_BYTES + 1])
{
	unsigned char hash[crypto_hash_sha256_BYTES];

	crypto_hash_sha256(hash, bytes, len);
	sodium_bin2hex(out, 2 * sizeof(hash) + 1, hash, sizeof(hash));
}

static int tell(const struct zr_list_loaded *list, const char *text, size_t len)
{
	char list_hash[2 * crypto_hash_sha256_BYTES + 1], image_hash[2 * crypto_hash_sha256_BYTES + 1];
	size_t image_len = zr_image_len_bytes(list->image);
	char out[ZR_ISSUER_MAX + 512];

	format_sha256(text, len, list_hash);
	format_sha256(list->block, image_len, image_hash);
	snprintf(out, sizeof(out),
		 "serial        %" PRIu64 "\n"
		 "issuer        %s\n"
		 "entries       %" PRIu32 "\n"
		 "image_bytes   %zu\n"
		 "list_sha256   %s\n"
		 "image_sha256  %s\n",
		 zr_image_serial(list->image), zr_image_issuer(list->image), zr_image_entry_count(list->image),
		 image_len, list_hash, image_hash);
	return zr_command_print(out);
}

/* Writing the image over its list would be the end of the list. */
static bool is_same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev && x.st_ino == y.st_ino;
}

static int write_image(const char *path, const struct zr_list_loaded *list)
{
	int err = zr_atomic_file_write(path, list->block, zr_image_len_bytes(list->image));

	if (err == 0)
		return ZR_EXIT_OK;
	fprintf(stderr, "%s: the image cannot be written: %s; name a file in a folder that you may write to\n", path,
		err == -EEXIST ? "it is there and no regular file" : strerror(-err));
	return ZR_EXIT_FAILED;
}

static int compile(const struct options *options)
{
	struct zr_list_loaded list = {0};
	size_t len;
	char *text = zr_list_file_read(options->list, &len);
	int status = ZR_EXIT_FAILED;

	if (text != NULL && zr_list_file_build(options->list, text, len, zr_command_seed, &list)) {
		status = options->output != NULL ? write_image(options->output, &list) : ZR_EXIT_OK;
		if (status == ZR_EXIT_OK)
			status = tell(&list, text, len);
	}
	zr_list_loaded_clear(&list);
	free(text);
	return status;
}

int zr_list_command_compile(int argc, char **argv)
{
	static const struct option long_options[] = {
		{"output", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
	static char name[] = "zerorate list compile"; /* for getopt's messages */
	struct options options = {0};
	int option;

	argv[0] = name;
	optind = 0; /* as if never called: glibc's way */
	while ((option = getopt_long(argc, argv, "ho:", long_options, NULL)) != -1) {
		if (option == 'h')
			return zr_command_print(help);
		if (option != 'o')
			return ZR_EXIT_USAGE;
		options.output = optarg;
	}
	if (argc - optind != 1) {
		fputs("zerorate list compile: name one list. Try 'zerorate list compile --help'.\n", stderr);
		return ZR_EXIT_USAGE;
	}
	options.list = argv[optind];
	if (options.output != NULL && is_same_file(options.list, options.output)) {
		fputs("zerorate list compile: -o is the list itself: name another file for the image\n", stderr);
		return ZR_EXIT_USAGE;
	}
	return zr_command_begin("list compile") ? compile(&options) : ZR_EXIT_FAILED;
}
