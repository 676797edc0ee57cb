/**
 * Images: a name that points at a manifest or an index in the content store.
 *
 * <p>{@link ImageStore} keeps the names; {@link ImageArchives} moves images between archives and
 * the store; {@link ImageResolver} follows an index to the manifest of one platform; {@link
 * ImageService} puts them together for the people who use images.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.image;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
