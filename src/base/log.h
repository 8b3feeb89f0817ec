/* log.h - the log file ($XDG_STATE_HOME/xuxie/xuxie.log).
 * Never the terminal. What a person writes or the model answers is logged only with --log-text.
 * Threads: any; one mutex inside. Before log_open() nothing is kept. */
#ifndef XUXIE_BASE_LOG_H
#define XUXIE_BASE_LOG_H

#include "src/base/err.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

int log_open(const char *path, enum log_level level, struct err *err); /* 0600, appended to */
void log_close(void);
int log_fd(void); /* the file's descriptor, -1 when there is none */

void log_write(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__)
#define log_warn(...)  log_write(LOG_WARN, __VA_ARGS__)
#define log_info(...)  log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__)

#endif
