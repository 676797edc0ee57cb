/**
 * The one extractor of layers and its inverse. A layer is read as bytes that nobody vouches for: it
 * is decompressed, hashed and parsed while it streams, and laid out below the descriptor of a mount
 * that only this bundle sees.
 *
 * <p>The tar reader is our own: names and extended attributes are bytes, and libraries that decode
 * them as text lose {@code security.capability}.
 */
@NullMarked
package org.felucca.diff;

import org.jspecify.annotations.NullMarked;
