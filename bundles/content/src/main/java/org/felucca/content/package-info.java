/**
 * Blobs on a local disk: the {@link org.felucca.api.content.BlobStore} that comes with the engine.
 *
 * <p>Below {@code <root>/content} stand {@code blobs/<algorithm>/<hex>}, each a finished blob
 * (0400), and {@code ingest/<sha256 of the reference>/}, each a blob in the making: {@code about}
 * says what it is, {@code data} holds what came so far. A blob gets its final name by a rename,
 * after its bytes are verified and on the disk.
 */
@NullMarked
package org.felucca.content;

import org.jspecify.annotations.NullMarked;
