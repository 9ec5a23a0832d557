/* Alpine on the staff's pages, without 'unsafe-eval': the attributes are interpreted instead of being made functions.

   Alpine asks an evaluator for every attribute, and lets it be replaced before it begins. Of its magic names, $el and
   $dispatch belong to the element and are made here; the others ($watch, $refs, $nextTick, …) Alpine itself puts into
   the data of every `x-data`, where they are found like any other name. */

"use strict";
{
  /* What an attribute may name beside its data, all of which Unfold's templates use. The functions are app.js's, which
     is read later than this file; so each is looked up when it is asked for. */
  const globals = Object.create(null);
  const GLOBALS = {
    Date: () => Date,
    localStorage: () => localStorage,
    window: () => Object.freeze({ location: window.location }),
    getCurrentTab: () => getCurrentTab,
    moveRecords: () => moveRecords,
    searchCommand: () => searchCommand,
    searchDropdown: () => searchDropdown,
    searchForm: () => searchForm,
    sortRecords: () => sortRecords,
    theme: () => theme,
  };
  for (const [name, get] of Object.entries(GLOBALS)) Object.defineProperty(globals, name, { get });

  function magicsOf(element) {
    return {
      $el: element,
      $dispatch: (name, detail = {}) =>
        element.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true, cancelable: true })),
    };
  }

  function report(error, element, expression) {
    console.error(`An attribute of the page failed: ${error.message}\n${expression}\n`, element, error);
  }

  /** The value of an attribute. If that is a function, it is called: `x-on:end="sorted"` names what handles the event. */
  function valueOf(expression, scope, params) {
    const { parse, evaluate } = window.expressions;
    const call = (value) => Reflect.apply(value, scope, params);
    const value = typeof expression === "function" ? call(expression) : evaluate(parse(expression), scope, globals);
    return typeof value === "function" ? call(value) : value;
  }

  /**
   * What Alpine calls for each attribute: the text, or a function that a script has put in its place, becomes a
   * function that Alpine calls whenever the value is wanted. An error is told on the console and ends that one value.
   */
  function evaluator(element, expression) {
    const stack = [magicsOf(element), ...window.Alpine.closestDataStack(element)];
    const failed = (error) => report(error, element, expression);
    return (receiver = () => {}, { scope = {}, params = [] } = {}) => {
      try {
        const value = valueOf(expression, window.Alpine.mergeProxies([scope, ...stack]), params);
        if (value instanceof Promise) value.then(receiver).catch(failed);
        else receiver(value);
      } catch (error) {
        failed(error);
      }
    };
  }

  document.addEventListener("alpine:init", () => window.Alpine.setEvaluator(evaluator));
}
