package org.felucca.api.info;

import java.util.List;
import org.felucca.api.Scope;
import org.osgi.annotation.versioning.ProviderType;

/** Answers what the engine is and how it is. */
@ProviderType
public interface InfoService {
  /** The engine at a glance, with the figures of one namespace. */
  EngineInfo info(Scope scope);

  /**
   * What takes room on the disk in a namespace, one of each kind. Without a count nothing is looked
   * at but records and the sizes of logs, so it answers at once.
   *
   * @param count whether to count what containers and volumes hold now, which can be a long running
   *     process
   */
  List<DiskUse> diskUse(Scope scope, boolean count);
}
