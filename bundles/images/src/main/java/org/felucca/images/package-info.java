/**
 * Images as archives and as documents.
 *
 * <p>An import reads an archive once: every file goes straight into the content store, only the few
 * small documents stay in memory. What came in is then walked from the names down ({@link
 * org.felucca.images.ImageGraph}), and only when all of it is there and makes sense, blobs get the
 * labels by which the garbage collector finds the next ones, and images get their names. What a
 * failed import stored is nobody's, and goes with the next collection.
 *
 * <p>Archives come from strangers: no path of theirs is ever opened, they only are keys; sizes,
 * counts and depths are bounded; and no annotation or label of theirs becomes a label here.
 */
@NullMarked
package org.felucca.images;

import org.jspecify.annotations.NullMarked;
