package org.felucca.shell.verb;

import org.felucca.api.Scope;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** The option of verbs that make things which a lease may keep; a mixin. */
final class LeaseOption {
  @Option(
      names = "--lease",
      paramLabel = "ID",
      description = "keep what is made alive by this lease as well (felucca lease create)")
  @Nullable String lease;

  Scope of(Scope scope) {
    return lease == null ? scope : scope.withLease(lease);
  }
}
