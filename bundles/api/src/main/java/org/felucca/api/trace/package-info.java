/**
 * Where the time of a call went. Whoever wants to know binds a {@link org.felucca.api.trace.Trace}
 * around the call; the parts that it passes through name what they have just done by {@link
 * org.felucca.api.trace.Trace#mark}, which costs next to nothing where nobody wants to know. What
 * goes on in another thread is bound there again by {@link org.felucca.api.trace.Trace#later}.
 */
@Export
@Version("1.0.0")
@NullMarked
package org.felucca.api.trace;

import org.jspecify.annotations.NullMarked;
import org.osgi.annotation.bundle.Export;
import org.osgi.annotation.versioning.Version;
