/* config_common.h - what the two sides of xuxie.ini agree on: config.c, which reads it, and config_write.c.
 */
#ifndef XUXIE_SRC_CONFIG_COMMON_H
#define XUXIE_SRC_CONFIG_COMMON_H

enum { CONFIG_MAX_BYTES = 1 << 20 };

/* The one section that means something: its names are actions, their values keys. */
extern const char config_keys_section[]; /* "keys" */

#endif
