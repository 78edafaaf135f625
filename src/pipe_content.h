/*
 * pipe_content.h - what one FIFO holds: its slots, and whose bytes are in them. Part of pipe.h.
 *
 * A FIFO's capacity is slots of one page each, not bytes: pipe(7) "Pipe capacity", C-IO-slots. A
 * slot is freed only when its last byte was read, so a nearly empty FIFO can be full. Which bytes
 * they are is kept beside that, as pieces of writes.
 */
#ifndef FIFOFUZZ_PIPE_CONTENT_H
#define FIFOFUZZ_PIPE_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "payload.h"

enum {
    PIPE_PAGE = 4096, /* bytes of a slot; also PIPE_BUF, what is written as a whole */
    PIPE_DEFAULT_SLOTS = PIPE_SIZE / PIPE_PAGE, /* of a FIFO that nobody resized */
    PIPE_SLOTS_MAX = PIPE_SIZE_MAX / PIPE_PAGE,
    PIPE_PIECES_MAX = 256, /* pieces that are told apart; then the content is blurred */
};

/* A page with bytes in it; what was read lies before them, room for more behind. */
struct pipe_slot {
    uint16_t offset, length;
};

/* Consecutive bytes of one write: payload_byte(tag, first) and those that follow. */
struct pipe_piece {
    uint32_t tag, first, length;
};

/* Both arrays are rings. */
struct pipe_content {
    uint32_t capacity; /* in slots */
    uint32_t bytes;    /* what FIONREAD tells */
    uint32_t slot_head, slot_count;
    uint32_t piece_head, piece_count;
    bool blurred; /* there were too many pieces: which bytes these are is unknown until it is empty
                   */
    struct pipe_slot slots[PIPE_SLOTS_MAX];
    struct pipe_piece pieces[PIPE_PIECES_MAX];
};

/* Empties `content` and gives it the default capacity. */
void pipe_content_reset(struct pipe_content *content);

/* Is no slot free? */
bool pipe_content_is_full(const struct pipe_content *content);

/*
 * What a write of the `piece` begins with: bytes beyond whole pages (piece->length mod PIPE_PAGE)
 * are appended to the last slot if all of them fit there. Takes them off `piece`.
 */
void pipe_content_append(struct pipe_content *content, struct pipe_piece *piece);

/* Puts what it can of `piece` into slots that are free, and takes that off `piece`. */
void pipe_content_place(struct pipe_content *content, struct pipe_piece *piece);

/* What was taken out. */
struct pipe_taken {
    uint32_t bytes;
    bool freed_slot;   /* so that a writer may go on */
    bool digest_known; /* false: the content was blurred */
    uint64_t digest;   /* see payload.h */
};

/* Takes out up to `size` bytes, the oldest first. */
struct pipe_taken pipe_content_take(struct pipe_content *content, uint32_t size);

/* Sets the capacity to `slots`, at most PIPE_SLOTS_MAX; false if more than that are in use. */
bool pipe_content_resize(struct pipe_content *content, uint32_t slots);

/* Goes on with hash `value` over all that later operations can tell: see hash.h. */
uint64_t pipe_content_hash(uint64_t value, const struct pipe_content *content);

#endif
