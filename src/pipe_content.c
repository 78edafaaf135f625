#include "pipe_content.h"

#include "check.h"

static uint32_t smaller(uint32_t a, uint32_t b) {
    return a < b ? a : b;
}

/* The slot or piece that is number `index` from the oldest one on. */
static struct pipe_slot *slot_at(struct pipe_content *content, uint32_t index) {
    return &content->slots[(content->slot_head + index) % PIPE_SLOTS_MAX];
}

static struct pipe_piece *piece_at(struct pipe_content *content, uint32_t index) {
    return &content->pieces[(content->piece_head + index) % PIPE_PIECES_MAX];
}

void pipe_content_reset(struct pipe_content *content) {
    *content = (struct pipe_content){.capacity = PIPE_DEFAULT_SLOTS};
}

bool pipe_content_is_full(const struct pipe_content *content) {
    return content->slot_count >= content->capacity;
}

/* Bytes that follow the last piece lengthen it, so that the same content looks the same. */
static void add_piece(struct pipe_content *content, const struct pipe_piece *piece) {
    if (content->blurred)
        return;
    if (content->piece_count > 0) {
        struct pipe_piece *last = piece_at(content, content->piece_count - 1);
        if (last->tag == piece->tag && last->first + last->length == piece->first) {
            last->length += piece->length;
            return;
        }
    }
    if (content->piece_count == PIPE_PIECES_MAX) {
        content->blurred = true;
        content->piece_count = 0;
        return;
    }
    *piece_at(content, content->piece_count++) = *piece;
}

/* Moves the first `size` bytes of `piece` into `slot`, which has room for them. */
static void fill(struct pipe_content *content, struct pipe_slot *slot, struct pipe_piece *piece,
                 uint32_t size) {
    check(slot->offset + slot->length + size <= PIPE_PAGE);
    add_piece(content, &(struct pipe_piece){piece->tag, piece->first, size});
    slot->length = (uint16_t)(slot->length + size);
    content->bytes += size;
    piece->first += size;
    piece->length -= size;
}

void pipe_content_append(struct pipe_content *content, struct pipe_piece *piece) {
    uint32_t size = piece->length % PIPE_PAGE;
    if (size == 0 || content->slot_count == 0)
        return;
    struct pipe_slot *last = slot_at(content, content->slot_count - 1);
    if (last->offset + last->length + size <= PIPE_PAGE)
        fill(content, last, piece, size);
}

void pipe_content_place(struct pipe_content *content, struct pipe_piece *piece) {
    while (piece->length > 0 && !pipe_content_is_full(content)) {
        struct pipe_slot *slot = slot_at(content, content->slot_count++);
        *slot = (struct pipe_slot){0, 0};
        fill(content, slot, piece, smaller(piece->length, PIPE_PAGE));
    }
}

static void take_pieces(struct pipe_content *content, uint32_t size, struct pipe_taken *taken) {
    taken->digest_known = size == 0 || !content->blurred;
    taken->digest = hash_start;
    while (taken->digest_known && size > 0) {
        struct pipe_piece *piece = piece_at(content, 0);
        uint32_t part = smaller(size, piece->length);
        taken->digest = payload_digest(taken->digest, piece->tag, piece->first, part);
        piece->first += part;
        piece->length -= part;
        size -= part;
        if (piece->length == 0) {
            content->piece_head = (content->piece_head + 1) % PIPE_PIECES_MAX;
            content->piece_count--;
        }
    }
}

struct pipe_taken pipe_content_take(struct pipe_content *content, uint32_t size) {
    struct pipe_taken taken = {.bytes = smaller(size, content->bytes)};
    for (uint32_t rest = taken.bytes; rest > 0;) {
        struct pipe_slot *slot = slot_at(content, 0);
        uint32_t part = smaller(rest, slot->length);
        slot->offset = (uint16_t)(slot->offset + part);
        slot->length = (uint16_t)(slot->length - part);
        rest -= part;
        if (slot->length == 0) {
            content->slot_head = (content->slot_head + 1) % PIPE_SLOTS_MAX;
            content->slot_count--;
            taken.freed_slot = true;
        }
    }
    take_pieces(content, taken.bytes, &taken);
    content->bytes -= taken.bytes;
    if (content->bytes == 0)
        content->blurred = false;
    return taken;
}

bool pipe_content_resize(struct pipe_content *content, uint32_t slots) {
    check(slots > 0 && slots <= PIPE_SLOTS_MAX);
    if (slots < content->slot_count)
        return false;
    content->capacity = slots;
    return true;
}

uint64_t pipe_content_hash(uint64_t value, const struct pipe_content *content) {
    value = hash_number(value, content->capacity);
    for (uint32_t i = 0; i < content->slot_count; i++) {
        const struct pipe_slot *slot = &content->slots[(content->slot_head + i) % PIPE_SLOTS_MAX];
        value = hash_number(value, (uint64_t)slot->offset << 16 | slot->length);
    }
    value = hash_number(value, content->blurred);
    for (uint32_t i = 0; i < content->piece_count; i++) {
        const struct pipe_piece *piece =
            &content->pieces[(content->piece_head + i) % PIPE_PIECES_MAX];
        value = hash_number(value, piece->tag);
        value = hash_number(value, (uint64_t)piece->first << 32 | piece->length);
    }
    return value;
}
