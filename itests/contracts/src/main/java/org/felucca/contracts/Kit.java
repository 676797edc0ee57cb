package org.felucca.contracts;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs suites where there is no build: {@code java -cp ... org.felucca.contracts.Kit CLASS...},
 * each the name of a class that extends a contract, or CLASS#METHOD. Prints a line for each rule
 * and ends with 0 only if all were kept, with 1 if one was not, with 2 if there was nothing to run.
 */
public final class Kit implements TestExecutionListener {
  private final PrintStream out;
  private int kept;
  private int broken;

  private Kit(PrintStream out) {
    this.out = out;
  }

  /** Runs what the arguments name. */
  public static void main(String... arguments) {
    if (arguments.length == 0) {
      System.err.println("usage: java -cp ... org.felucca.contracts.Kit CLASS[#METHOD]...");
      System.exit(2);
    }
    Kit kit = new Kit(System.out);
    List<DiscoverySelector> selectors = new ArrayList<>();
    for (String argument : arguments) {
      selectors.add(
          argument.contains("#")
              ? DiscoverySelectors.selectMethod(argument)
              : DiscoverySelectors.selectClass(argument));
    }
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request().selectors(selectors).build();
    LauncherFactory.create().execute(request, kit);
    System.out.printf("%d rules kept, %d broken%n", kit.kept, kit.broken);
    System.exit(kit.broken > 0 ? 1 : kit.kept > 0 ? 0 : 2);
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    out.println("skipped  " + test.getDisplayName() + ": " + reason);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    @Nullable Throwable failure = result.getThrowable().orElse(null);
    if (test.isTest() && failure == null) {
      kept++;
      out.println("kept     " + name(test));
    } else if (failure != null) {
      // A class that can't even be set up is broken too.
      broken++;
      out.println("BROKEN   " + name(test) + ": " + failure);
      for (StackTraceElement frame : failure.getStackTrace()) {
        if (frame.getClassName().startsWith("org.felucca.contracts.")) {
          out.println("         at " + frame);
        }
      }
    }
  }

  private static String name(TestIdentifier test) {
    return test.getSource()
        .filter(MethodSource.class::isInstance)
        .map(MethodSource.class::cast)
        .map(MethodSource::getMethodName)
        .orElse(test.getDisplayName());
  }
}
