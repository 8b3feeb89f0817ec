/* options.h - ONE table of everything that can be set: name, type, default, range, where it may be
 * given, help. getopt_long, xuxie.ini, /set, --help, the man pages' option lists and the shell
 * completion are all made from it. Names have underscores here, in the ini file and in /set, hyphens on
 * the command line.
 *
 * Order of precedence: defaults < preset < model file's recommendation (only under preset `story`)
 * < xuxie.ini < prompt template < command line < /set. A value set explicitly is remembered as such, so that changing
 * the preset does not undo it.
 */
#ifndef XUXIE_SRC_OPTIONS_H
#define XUXIE_SRC_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/engine.h"
#include "engine/sample_params.h"
#include "src/base/err.h"
#include "src/base/str.h"

/* A line of the section [keys] of xuxie.ini: an action of the room and the keys it shall have. Whether
 * they exist only the screen knows (ui_bind). */
struct key_setting {
    char *action, *keys; /* owned */
    int line;            /* of the file, for messages */
};

enum { SETTINGS_MAX_STOPS = 16, SETTINGS_MAX_STOP_BYTES = 256, SETTINGS_MAX_BIAS = 256 };

struct settings {
    /* sampling */
    double temp, top_p, min_p, typical, repeat_penalty, presence_penalty, frequency_penalty;
    double dry_multiplier, dry_base, xtc_threshold, xtc_probability;
    int64_t top_k, dry_allowed_length, penalty_last_n;
    uint8_t samplers[N_STAGES];
    char preset[32];
    struct sample_hint hint;  /* of the model in use: comes back with the preset `story` */
    int64_t seed;             /* -1: a fresh one for every generation */
    char *stops[SETTINGS_MAX_STOPS]; /* owned */
    size_t n_stops;
    struct logit_bias bias[SETTINGS_MAX_BIAS];
    size_t n_bias;
    /* lengths */
    int64_t max_tokens;       /* 256 */
    int64_t max_length;       /* 0: no such limit */
    bool ignore_eos;
    char *chat;               /* NULL: texts are continued; "on", or a format of chat.h. owned */
    char *system;             /* of a chat; NULL: none. owned */
    /* engine */
    char *model;              /* path or name; NULL: the bundled one. owned */
    char *model_dirs;         /* folders, with colons between; NULL: none. owned */
    int64_t n_ctx, threads;   /* 0: chosen */
    enum engine_kv_type kv;
    /* room */
    char *edit_mode;          /* NULL: inputrc's; "emacs", "vi" */
    bool mouse;
    int64_t ambiguous_width;  /* 0 = auto */
    int64_t escape_delay;     /* 0 = auto */
    struct key_setting *keys; /* owned; only from xuxie.ini */
    size_t n_keys;
    /* program */
    char *db;                 /* NULL: $XDG_DATA_HOME/xuxie/xuxie.db */
    bool log_text;
    /* which rows were set explicitly, and from where; index = row of the table */
    unsigned char origin[192]; /* enum option_origin */
};

enum option_origin {
    ORIGIN_DEFAULT, ORIGIN_PRESET, ORIGIN_MODEL, ORIGIN_INI, ORIGIN_TEMPLATE, ORIGIN_CLI, ORIGIN_SET
};

void settings_init(struct settings *s);                       /* defaults and the preset `story` */
void settings_copy(struct settings *to, const struct settings *from); /* `to` initialised or zero */
void settings_free(struct settings *s);

/* Sets one by name (underscores or hyphens) from its text. E_USAGE: "temp: 9 is out of range; allowed
 * is 0 to 5 (0 = always the likeliest)". Setting `preset` applies it to everything not set by
 * an equal or higher origin. */
int settings_set(struct settings *s, const char *name, const char *value, enum option_origin origin,
                 struct err *err);
void settings_add_key(struct settings *s, const char *action, const char *keys, int line);
/* The value as text, appended. False for an unknown name. */
bool settings_get(const struct settings *s, const char *name, struct str *out);
/* Takes what the model file recommends, under preset `story` only; remembered for when that is chosen
 * again. What an earlier model recommended goes. */
void settings_hint(struct settings *s, const struct sample_hint *hint);

/* The context's size and the cache's number type become those in use: what a record should say. */
void settings_in_use(struct settings *s, const struct engine_info *info);
/* Fills a request's sampling, stops, lengths (borrowed from s). */
void settings_request(const struct settings *s, struct engine_request *r);
/* Every setting as a JSON object with sorted keys (what a generation records). malloc'ed. */
char *settings_json(const struct settings *s, uint64_t seed_used);
/* The reverse: *s (initialised or zero) becomes what was recorded, every setting as if set by /set,
 * so that no preset and no model changes it. `seed` may be missing; other missing ones, of a record
 * older than the setting, have their neutral values. E_INPUT: not such an object, a key that is no
 * setting, a value that is not allowed; *s is untouched then. */
int settings_from_json(struct settings *s, const char *json, struct err *err);

/* Rows that may be given to /set, for completion and the settings view; NULL past the end. */
struct option_info {
    const char *name;       /* top_k */
    const char *arg;        /* N, TEXT, ... ; NULL for switches */
    const char *help;       /* one line, translated */
    const char *allowed;    /* "0 to 1", "f16, f32"; translated */
};
bool option_info_at(size_t i, unsigned scope, struct option_info *out);
enum option_scope { SCOPE_CLI = 1, SCOPE_INI = 2, SCOPE_SET = 4 };

/* Reads xuxie.ini. Unknown keys and bad values are told (at most 20) through `tell` and skipped; a
 * file that cannot be read or parsed is E_INPUT / E_IO. A missing file is fine. */
int settings_read_ini(struct settings *s, const char *path,
                      void (*tell)(void *arg, const char *message), void *arg, struct err *err);

/* Presets: names for completion, NULL past the end; help translated. */
const char *preset_name(size_t i, const char **help);

#endif
