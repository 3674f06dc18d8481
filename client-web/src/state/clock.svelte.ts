/** The time, as something that what is shown can depend on. Somebody outside moves it on. */
export class Clock {
  now: number = $state(0);

  constructor(now: number) {
    this.now = now;
  }
}
