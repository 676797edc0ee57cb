package org.felucca.engine;

import java.util.ArrayList;
import java.util.List;
import org.felucca.api.EngineException;
import org.felucca.api.runtime.RuntimeInfo;
import org.felucca.api.runtime.RuntimeService;
import org.felucca.api.runtime.RuntimeView;
import org.jspecify.annotations.Nullable;
import org.osgi.service.component.annotations.Activate;
import org.osgi.service.component.annotations.Component;
import org.osgi.service.component.annotations.Reference;

/** Tells which runtimes there are. */
@Component
public final class RuntimeUseCases implements RuntimeService {
  private final RuntimeLookup lookup;
  private final TaskUseCases tasks;

  /** With the parts that know. */
  @Activate
  public RuntimeUseCases(@Reference RuntimeLookup lookup, @Reference TaskUseCases tasks) {
    this.lookup = lookup;
    this.tasks = tasks;
  }

  @Override
  public List<RuntimeView> list() {
    String defaultName = lookup.defaultRuntime().name();
    List<RuntimeView> views = new ArrayList<>();
    for (String name : lookup.names()) {
      @Nullable RuntimeInfo info = null;
      @Nullable String problem = null;
      try {
        info = lookup.info(name);
      } catch (EngineException e) {
        problem = e.getMessage();
      }
      views.add(
          new RuntimeView(
              name,
              info,
              problem,
              name.equals(defaultName),
              lookup.aliases(name),
              tasks.withRuntime(name)));
    }
    return views;
  }
}
