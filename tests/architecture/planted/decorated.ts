@sealed
export class Decorated {}
