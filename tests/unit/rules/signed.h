/* SPDX-License-Identifier: BSD-3-Clause */
/* A message and what the stock minisign 0.11 made of it with two keys. */
#ifndef TESTS_UNIT_RULES_SIGNED_H
#define TESTS_UNIT_RULES_SIGNED_H

#define MESSAGE "match,service\n.olm.vn,olm\n"

#define MOET_KEY "RWR8Fwu4OtVNmid3vbznuV+005hGBqVAHe8jxGgvPJ2XoR/LODMuQssI"
#define MOET_ID  "9A4DD53AB80B177C"
#define MIC_KEY  "RWRfh11FQhguHhY5wc18cpVSL70IW1OcoG4I2kbxEZuCcXRXQ1XsxJC4"
#define MIC_ID   "1E2E1842455D875F"

/* minisign -S -t */
#define MOET_SIGNED                                                                                              \
	"untrusted comment: signature from minisign secret key\n"                                                \
	"RUR8Fwu4OtVNmnc+W9o33zDRCt8SXc5uGB8mNDbMM/ThMOm1Yf84yZnoK41xX098KYyPuVvPgZik05t8XNhx8eGtVf1h/Ahj4wU=\n" \
	"trusted comment: Bộ Giáo dục và Đào tạo\n"                                                    \
	"d7wHs0GtOScZ+NMGfLyvXVtM0Eh0m7xpp71gWgjMKLScNINEk6GfaKzJOJydVwhGEYMsLb0Yx0SKAk290HzGDw==\n"
/* minisign -S -l: legacy */
#define MOET_SIGNED_LEGACY                                                                                       \
	"untrusted comment: signature from minisign secret key\n"                                                \
	"RWR8Fwu4OtVNmneiQUMYfEx16J3luIKdPQ2QA4H+pCsJ6sGyCW0ZfysY8V+Ul3x0sCyglTgSH1FKtVYJtX9Jr36OeQ/KiFwNGQo=\n" \
	"trusted comment: legacy\n"                                                                              \
	"bYHerbDLti9mV9iyVldWLoE7KA4Y/AJAzvRF0f5yerlDCHEiekFl52nv+T0aXJhnFTmp5OITe/jo+bcNi86ICw==\n"
/* the first key once more, with another trusted comment */
#define MOET_SIGNED_AGAIN                                                                                        \
	"untrusted comment: signature from minisign secret key\n"                                                \
	"RUR8Fwu4OtVNmnc+W9o33zDRCt8SXc5uGB8mNDbMM/ThMOm1Yf84yZnoK41xX098KYyPuVvPgZik05t8XNhx8eGtVf1h/Ahj4wU=\n" \
	"trusted comment: again\n"                                                                               \
	"y1jz461VXjJ0vMaBPeNTF+mf5ihM8IJun7CkmE+eC3eZ3teC4bkatMs4aTelf8Yb4EUyG2hOaxx2auPxlUkCCw==\n"
/* the second key */
#define MIC_SIGNED                                                                                               \
	"untrusted comment: signature from minisign secret key\n"                                                \
	"RURfh11FQhguHjDcIezEk/qdReUFkX9b0ITFdkgO8+Wco/DedVz9Z1AXLrI+nK7bJ+ffgX6qX7Gc9WwdLk0J2yjkQKK0eIE1ogw=\n" \
	"trusted comment: Bộ TT&TT, 2026-11-22\n"                                                              \
	"BkSSuUZfNUp/J0JFB8T/y+XhmxXF2XFQAj24dS88joDCkzHM3jjh18COksMDnOFAnyWMXqxzGeAiSXbVjBtnCA==\n"
/* the first key; its trusted comment holds an escape sequence and quotation marks */
#define MOET_SIGNED_ODD                                                                                          \
	"untrusted comment: signature from minisign secret key\n"                                                \
	"RUR8Fwu4OtVNmnc+W9o33zDRCt8SXc5uGB8mNDbMM/ThMOm1Yf84yZnoK41xX098KYyPuVvPgZik05t8XNhx8eGtVf1h/Ahj4wU=\n" \
	"trusted comment: \033[31mred\"), E7620F1842B4E81F (\"x\n"                                               \
	"tNz9f/Fx9KIN7qCXd4wY8iLcWAoxJd1q8WGJVQqoQxPuqWEkWbdgBVd0372uOhoguitsUIabxi2WuUPgajKbCg==\n"
/* the first key; its trusted comment is of 300 characters */
#define MOET_SIGNED_LONG                                                                                                                                                                                                                                                                                                                       \
	"untrusted comment: signature from minisign secret key\n"                                                                                                                                                                                                                                                                              \
	"RUR8Fwu4OtVNmnc+W9o33zDRCt8SXc5uGB8mNDbMM/ThMOm1Yf84yZnoK41xX098KYyPuVvPgZik05t8XNhx8eGtVf1h/Ahj4wU=\n"                                                                                                                                                                                                                               \
	"trusted comment: "                                                                                                                                                                                                                                                                                                                    \
	"ộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộ" \
	"ộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộ" \
	"ộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộộ\n"                                                                       \
	"/t0Q9keuV+l92CB7svpLmlwNaQDUlyi4Wr1WytnI5PrKmxnEIo+A7RIcH/gUPsD/VwhzZNy35OrvLSbZGEblBg==\n"
/* the first key, without -t */
#define MOET_SIGNED_PLAIN                                                                                        \
	"untrusted comment: signature from minisign secret key\n"                                                \
	"RUR8Fwu4OtVNmnc+W9o33zDRCt8SXc5uGB8mNDbMM/ThMOm1Yf84yZnoK41xX098KYyPuVvPgZik05t8XNhx8eGtVf1h/Ahj4wU=\n" \
	"trusted comment: timestamp:1795423299\tfile:m\thashed\n"                                                \
	"yCCfSBhhET8aX3GP0cBJZ8AI5JLmBeaSb45eITj/Z317o9CpzwybUCIkFeKVlbm7wnb6nTG+V9A6MDI/FwixBQ==\n"

#endif
