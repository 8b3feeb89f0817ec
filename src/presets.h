/* presets.h - named sets of sampling values. A preset decides every row of the option table marked
 * in_preset; values it does not name are those of the table (off). The names and one-line
 * descriptions are told by preset_name() in options.h. */
#ifndef XUXIE_SRC_PRESETS_H
#define XUXIE_SRC_PRESETS_H

/* The value of an option under a preset as it would be typed, NULL where the preset does not name
 * it or there is no such preset. */
const char *preset_value(const char *preset, const char *option);

#endif
